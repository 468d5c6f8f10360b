import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CallbackQueue } from './callback-queue.ts';

type Value = string | number | boolean | readonly Value[];

interface JsonValue {
  readonly stringValue?: string;
  readonly intValue?: string | number;
  readonly boolValue?: boolean;
  readonly doubleValue?: number;
  readonly arrayValue?: { readonly values: readonly JsonValue[] };
}

interface JsonSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes?: readonly { readonly key: string; readonly value: JsonValue }[];
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status?: { readonly code?: number };
}

/** A span as a collector receives it. `kind`: 1 internal, 2 server, 3 client; `status`: 2 is an error. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  readonly status: number;
  readonly attributes: Readonly<Record<string, Value>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
}

/** A collector for OTLP over HTTP with JSON. */
export interface OtlpReceiver extends AsyncDisposable {
  /** The value of `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
  readonly spans: CallbackQueue<ReceivedSpan>;
  /** Each request's headers and body, as text. */
  readonly requests: readonly string[];
}

/** Starts a collector on a free port. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans = new CallbackQueue<ReceivedSpan>();
  const requests: string[] = [];
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString('utf8');
    requests.push(`${request.url} ${JSON.stringify(request.headers)} ${body}`);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    for (const span of spansOf(JSON.parse(body))) spans.put(span);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function spansOf(body: {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly JsonSpan[] }[] }[];
}): ReceivedSpan[] {
  return body.resourceSpans
    .flatMap(({ scopeSpans }) => scopeSpans)
    .flatMap(({ spans }) => spans)
    .map(({ parentSpanId = '', status, attributes = [], links = [], ...span }) => ({
      ...span,
      parentSpanId,
      status: status?.code ?? 0,
      attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, readValue(value)])),
      links,
    }));
}

function readValue({ stringValue, intValue, boolValue, doubleValue, arrayValue }: JsonValue): Value {
  if (arrayValue) return arrayValue.values.map(readValue);
  if (intValue !== undefined) return Number(intValue);
  return stringValue ?? boolValue ?? doubleValue ?? '';
}
