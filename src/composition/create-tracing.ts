import { SpanKind } from '@opentelemetry/api';
import { ATTRIBUTES } from '../observability/tracing/attributes.ts';
import { type CallDescription, SpanPollTracer } from '../observability/tracing/poll-tracer.ts';
import { RegisteredTracer } from '../observability/tracing/registered-tracer.ts';
import { RequestTracer } from '../observability/tracing/request-tracer.ts';
import { ServedOperations } from '../observability/tracing/served-operations.ts';

/** The traces of one gateway. They cost next to nothing until this process registers an SDK. */
export interface Tracing {
  readonly registered: RegisteredTracer;
  readonly requests: RequestTracer;
  readonly served: ServedOperations;
}

/** Builds the traces of a gateway. */
export function createTracing(): Tracing {
  const registered = new RegisteredTracer();
  return { registered, requests: new RequestTracer(registered), served: new ServedOperations() };
}

/** Builds the traces of polls. `url`: the address of A2E's calls; null: another source is read. */
export function pollTracer({ registered, served }: Tracing, url: string | null): SpanPollTracer {
  return new SpanPollTracer(registered, served, url === null ? READ : httpCall(new URL(url)));
}

const READ: CallDescription = { name: 'read', kind: SpanKind.INTERNAL, attributes: {} };

/** A call to A2E, as the conventions for HTTP clients describe it. The token travels in a header and the id in the body. */
function httpCall({ href, hostname, port, protocol, pathname }: URL): CallDescription {
  const attributes = {
    [ATTRIBUTES.method]: 'POST',
    [ATTRIBUTES.urlFull]: href,
    [ATTRIBUTES.serverAddress]: hostname,
    [ATTRIBUTES.serverPort]: Number(port || (protocol === 'https:' ? 443 : 80)),
  };
  return { name: `POST ${pathname}`, kind: SpanKind.CLIENT, attributes };
}
