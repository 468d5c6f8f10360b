import { type Attributes, type Span, type SpanContext, SpanStatusCode } from '@opentelemetry/api';
import { ATTRIBUTES, OTHER_ERROR } from './attributes.ts';

/** The ids of tasks in the attributes of one span. */
const MAX_TASK_IDS = 32;

/** An error as a client receives it. */
interface ClientError {
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** How an operation ends. `unsubscribed`: by the client, or by its disconnection. */
export type OperationOutcome = 'completed' | 'failed' | 'unsubscribed';

/** The errors of an operation that fails without any: the client's token has expired. */
const EXPIRED: readonly ClientError[] = [{ extensions: { code: 'UNAUTHENTICATED' } }];

/** The span of one operation of one client. */
export class OperationTrace {
  readonly #span: Span;

  constructor(span: Span) {
    this.#span = span;
  }

  get spanContext(): SpanContext {
    return this.#span.spanContext();
  }

  /** Records the tasks that the operation names: `ids` is called if the span is exported. */
  setTasks(ids: () => readonly string[]): this {
    if (!this.#span.isRecording()) return this;
    const named = ids();
    this.#span.setAttributes({
      [ATTRIBUTES.taskIds]: named.slice(0, MAX_TASK_IDS),
      [ATTRIBUTES.taskCount]: named.length,
    });
    return this;
  }

  /**
   * Ends the span. Of the errors only the code of the first one is recorded, because a message may repeat what a client
   * sent.
   */
  end(outcome: OperationOutcome, errors: readonly ClientError[] = EXPIRED): void {
    const attributes: Attributes = { [ATTRIBUTES.outcome]: outcome };
    if (outcome === 'failed') {
      const code = codeOf(errors[0]);
      attributes[ATTRIBUTES.errorType] = code;
      this.#span.setStatus({ code: SpanStatusCode.ERROR, message: code });
    }
    this.#span.setAttributes(attributes);
    // On the monotonic clock, as its start.
    this.#span.end(performance.now());
  }
}

function codeOf(error: ClientError | undefined): string {
  const code = error?.extensions?.['code'];
  return typeof code === 'string' ? code : OTHER_ERROR;
}
