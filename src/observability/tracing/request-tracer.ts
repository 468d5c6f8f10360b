import { type Attributes, type Context, propagation, ROOT_CONTEXT, SpanKind, type Tracer } from '@opentelemetry/api';
import type { Transport } from '../metrics/transport.ts';
import { ATTRIBUTES } from './attributes.ts';
import { OperationTrace } from './operation-trace.ts';
import type { RegisteredTracer } from './registered-tracer.ts';

/** Headers, or an object with the same keys: `connectionParams` or `extensions`. A client may have sent any value. */
export type TraceCarrier = Readonly<Record<string, unknown>>;

/** One request for an operation. */
export interface TracedRequest {
  readonly transport: Transport;
  /** The HTTP method; of a WebSocket the GET of its upgrade. */
  readonly method: string;
  readonly parent: Context;
}

/** The longest `tracestate` that must be passed on (W3C Trace Context, section 3.3.1.5). */
const MAX_TRACESTATE = 512;
const TRACEPARENT = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}(-|$)/;
const MAX_NAME = 128;

/** Opens the traces of operations and of webhook calls. */
export class RequestTracer {
  readonly #registered: RegisteredTracer;

  constructor(registered: RegisteredTracer) {
    this.#registered = registered;
  }

  /**
   * The position in the client's trace that the first carrier with a `traceparent` names, else the start of a trace. null:
   * no SDK is registered. The client's baggage is not read, so that it never travels on.
   */
  parentOf(...carriers: readonly TraceCarrier[]): Context | null {
    if (!this.#registered.current) return null;
    for (const { traceparent, tracestate } of carriers) {
      if (typeof traceparent !== 'string' || !TRACEPARENT.test(traceparent)) continue;
      const isUsable = typeof tracestate === 'string' && tracestate.length <= MAX_TRACESTATE;
      return propagation.extract(ROOT_CONTEXT, isUsable ? { traceparent, tracestate } : { traceparent });
    }
    return ROOT_CONTEXT;
  }

  /** Begins to follow a request; null: no SDK is registered. */
  begin(transport: Transport, method: string, parent: Context | null): RequestTrace | null {
    const tracer = this.#registered.current;
    return tracer && parent ? new RequestTrace(tracer, { transport, method, parent }) : null;
  }

  /** Follows one call of the webhook. `run` resolves to the status of its response. */
  async webhook(headers: TraceCarrier, run: () => Promise<number>): Promise<void> {
    const parent = this.parentOf(headers);
    const tracer = this.#registered.current;
    if (!tracer || !parent) return void (await run());
    const route = '/webhooks/a2e';
    const attributes = { [ATTRIBUTES.method]: 'POST', [ATTRIBUTES.route]: route, [ATTRIBUTES.urlPath]: route };
    const span = tracer.startSpan(`POST ${route}`, { kind: SpanKind.SERVER, attributes }, parent);
    try {
      span.setAttribute(ATTRIBUTES.status, await run());
    } finally {
      span.end();
    }
  }
}

/** One request on its way to its operation. */
export class RequestTrace {
  readonly #tracer: Tracer;
  readonly #request: TracedRequest;
  readonly #startedAt = performance.now();

  constructor(tracer: Tracer, request: TracedRequest) {
    this.#tracer = tracer;
    this.#request = request;
  }

  /** The same request, answered over another transport than it was thought to be. */
  over(transport: Transport): RequestTrace {
    return new RequestTrace(this.#tracer, { ...this.#request, transport });
  }

  /** The span of the operation, from the arrival of the request on. `type` is null for a request that never ran. */
  operation(type: 'query' | 'subscription' | null, name: string | null, more: Attributes = {}): OperationTrace {
    const { transport, method, parent } = this.#request;
    const attributes: Attributes = {
      [ATTRIBUTES.method]: method,
      [ATTRIBUTES.urlPath]: '/graphql',
      [ATTRIBUTES.protocol]: transport === 'websocket' ? 'websocket' : 'http',
      [ATTRIBUTES.transport]: transport,
      ...more,
    };
    if (type !== null) attributes[ATTRIBUTES.operationType] = type;
    if (name !== null) attributes[ATTRIBUTES.operationName] = name.slice(0, MAX_NAME);
    const options = { kind: SpanKind.SERVER, attributes, startTime: this.#startedAt };
    return new OperationTrace(this.#tracer.startSpan(type ?? 'GraphQL Operation', options, parent));
  }

  /** A query that was answered from the response cache. */
  cachedQuery(): void {
    this.operation('query', null, { [ATTRIBUTES.cached]: 'hit' }).end('completed');
  }
}
