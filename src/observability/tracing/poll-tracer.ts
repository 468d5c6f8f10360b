import { type Attributes, context, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { GatewayError } from '../../errors.ts';
import type { CallOutcome } from '../../scheduling/job.ts';
import type { PollTrace, PollTracer } from '../../task/poll-trace.ts';
import type { Exemplar } from '../metrics/exemplar.ts';
import { ATTRIBUTES, OTHER_ERROR } from './attributes.ts';
import { exemplarOf } from './call-trace.ts';
import type { RegisteredTracer } from './registered-tracer.ts';
import type { ServedOperations } from './served-operations.ts';

/** The span of the call of a poll. */
export interface CallDescription {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
}

/** Receives how late a poll has started, with its exemplar. */
type RecordLateness = (exemplar: Exemplar | undefined) => void;

/** Opens a trace for each poll of a gateway. */
export class SpanPollTracer implements PollTracer {
  readonly #registered: RegisteredTracer;
  readonly #served: ServedOperations;
  readonly #call: CallDescription;
  /** The lateness of the poll that begins next. */
  #due: { readonly latenessMs: number; readonly record: RecordLateness } | null = null;

  constructor(registered: RegisteredTracer, served: ServedOperations, call: CallDescription) {
    this.#registered = registered;
    this.#served = served;
    this.#call = call;
  }

  /** A poll begins within this call of the scheduler. `record` is called with its exemplar; at once without an SDK. */
  onDue(latenessMs: number, record: RecordLateness): void {
    if (this.#registered.current) this.#due = { latenessMs, record };
    else record(undefined);
  }

  begin(id: string, watchKey: string): PollTrace | null {
    const tracer = this.#registered.current;
    if (!tracer) return null;
    const { links, total } = this.#served.of(watchKey);
    const attributes: Attributes = { [ATTRIBUTES.taskId]: id, [ATTRIBUTES.operations]: total };
    const due = this.#due;
    this.#due = null;
    if (due) attributes[ATTRIBUTES.latenessMs] = Math.round(due.latenessMs);
    // A trace of its own, because a poll serves many operations.
    const span = tracer.startSpan('poll', { kind: SpanKind.INTERNAL, attributes, links, root: true }, ROOT_CONTEXT);
    due?.record(exemplarOf(span));
    const startChild: StartChild = (name, options) =>
      tracer.startSpan(name, options, trace.setSpan(ROOT_CONTEXT, span));
    return new SpanPollTrace(span, startChild, this.#call);
  }
}

/** Starts a child of the span of a poll. */
type StartChild = (name: string, options: Partial<CallDescription>) => Span;

class SpanPollTrace implements PollTrace {
  readonly #span: Span;
  readonly #startChild: StartChild;
  readonly #call: CallDescription;

  constructor(span: Span, startChild: StartChild, call: CallDescription) {
    this.#span = span;
    this.#startChild = startChild;
    this.#call = call;
  }

  step<T>(name: string, run: () => Promise<T>): Promise<T> {
    return follow(this.#startChild(name, {}), run);
  }

  call<T>(run: () => Promise<T>): Promise<T> {
    const { name, kind, attributes } = this.#call;
    const span = this.#startChild(name, { kind, attributes });
    return follow(span, () => context.with(trace.setSpan(ROOT_CONTEXT, span), run));
  }

  end(outcome: CallOutcome): void {
    this.#span.setAttribute(ATTRIBUTES.outcome, outcome.kind);
    if (outcome.kind === 'failed') fail(this.#span, outcome.error);
    this.#span.end();
  }
}

async function follow<T>(span: Span, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    fail(span, error);
    throw error;
  } finally {
    span.end();
  }
}

/** Records the code of an error and no message, because a source's error may hold anything. */
function fail(span: Span, error: unknown): void {
  const code = error instanceof GatewayError ? error.code : OTHER_ERROR;
  span.setAttribute(ATTRIBUTES.errorType, code);
  span.setStatus({ code: SpanStatusCode.ERROR, message: code });
}
