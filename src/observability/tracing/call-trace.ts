import { context, propagation, type Span, TraceFlags, trace } from '@opentelemetry/api';
import type { UpstreamEvent } from '../../upstream/upstream-event.ts';
import type { Exemplar } from '../metrics/exemplar.ts';
import { ATTRIBUTES } from './attributes.ts';

/** The part of A2E's client in the span of a call. */
export class CallTrace {
  readonly #span: Span;

  constructor(span: Span) {
    this.#span = span;
  }

  /** `traceparent`, and `tracestate` where there is one. No baggage, because it is a client's. */
  get headers(): Readonly<Record<string, string>> {
    const headers: Record<string, string> = {};
    propagation.inject(propagation.deleteBaggage(context.active()), headers);
    return headers;
  }

  get exemplar(): Exemplar | undefined {
    return exemplarOf(this.#span);
  }

  onEvent(event: UpstreamEvent): void {
    if (event.kind === 'answered') this.#span.setAttribute(ATTRIBUTES.status, event.status);
  }
}

/** The trace of the call that begins now. null: the call has no span, or its span is not recorded. */
export function activeCall(): CallTrace | null {
  const span = trace.getActiveSpan();
  return span?.isRecording() ? new CallTrace(span) : null;
}

/** The exemplar of a span; undefined: the span is not exported. */
export function exemplarOf(span: Span): Exemplar | undefined {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return traceFlags & TraceFlags.SAMPLED ? { trace_id: traceId, span_id: spanId } : undefined;
}
