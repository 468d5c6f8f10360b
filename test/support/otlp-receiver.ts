import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { CallbackQueue } from './callback-queue.ts';
import { type JsonExport, type ReceivedSpan, spansOf } from './otlp-json.ts';
import { decodeExport } from './otlp-protobuf.ts';

/** A request as the collector received it. */
export interface ReceivedExport {
  readonly path: string;
  /** `application/x-protobuf` or `application/json`. */
  readonly contentType: string;
  readonly contentEncoding: string | undefined;
  /** The headers and the decompressed body, as text. */
  readonly text: string;
}

/** A collector for OTLP over HTTP with protobuf or JSON. */
export interface OtlpReceiver extends AsyncDisposable {
  /** The value of `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
  readonly spans: CallbackQueue<ReceivedSpan>;
  readonly requests: readonly ReceivedExport[];
}

/** How each content type is read, and the whole success that it is answered with. Source: OTLP/HTTP, "Response". */
const FORMATS = new Map([
  ['application/json', { read: (body: Buffer) => JSON.parse(body.toString('utf8')) as JsonExport, success: '{}' }],
  ['application/x-protobuf', { read: decodeExport, success: '' }],
]);

/** Starts a collector on a free port. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans = new CallbackQueue<ReceivedSpan>();
  const requests: ReceivedExport[] = [];
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    const { url = '', headers } = request;
    const contentType = headers['content-type'] ?? '';
    const text = `${JSON.stringify(headers)} ${body.toString('utf8')}`;
    requests.push({ path: url, contentType, contentEncoding: headers['content-encoding'], text });
    const format = FORMATS.get(contentType);
    if (!format) return void response.writeHead(415).end();
    const received = spansOf(format.read(body));
    response.writeHead(200, { 'content-type': contentType }).end(format.success);
    for (const span of received) spans.put(span);
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

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const body = Buffer.concat(await request.toArray());
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
}
