import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

/**
 * A2E during an attack. It has a thread of its own, so that its work delays no client. The beginning of an id decides:
 *
 * - `healthy` changes with every call, and its message is the time of the answer, in ms since the epoch;
 * - `forbidden` is answered with 403, `failing` with 500, `silent` never;
 * - `attacked` exists;
 * - every other id is unknown.
 *
 * Calls for a healthy task are answered at once, all others after {@link LATENCY_MS}.
 */
export class AttackedA2e implements AsyncDisposable {
  readonly url: string;
  readonly #thread: Worker;

  private constructor(thread: Worker, url: string) {
    this.#thread = thread;
    this.url = url;
  }

  static async start(): Promise<AttackedA2e> {
    const thread = new Worker(new URL(import.meta.url));
    const [port] = (await once(thread, 'message')) as [number];
    return new AttackedA2e(thread, `http://127.0.0.1:${port}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread.terminate();
  }
}

/** The only token that A2E accepts. */
export const GOOD_TOKEN = 'demo-token';

/** A quick A2E, so that the attackers get as many answers as they can. */
const LATENCY_MS = 20;
const ROW = { result: '', status: 'process', anchor_type: '0', web_bg_width: 1920, web_bg_height: 1080 };

let calls = 0;

function answer(id: string, response: ServerResponse): void {
  if (id.startsWith('silent')) return;
  if (id.startsWith('forbidden')) return send(response, 403, { code: 403, msg: 'Forbidden' });
  if (id.startsWith('failing')) return send(response, 500, { code: 500, msg: 'Internal error' });
  if (id.startsWith('healthy')) {
    calls += 1;
    const msg = `${performance.timeOrigin + performance.now()}`;
    return send(response, 200, { code: 0, data: [{ ...ROW, _id: id, process: calls % 101, msg }] });
  }
  send(response, 200, { code: 0, data: id.startsWith('attacked') ? [{ ...ROW, _id: id, process: 1 }] : [] });
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
  const { _id: id } = JSON.parse(body) as { readonly _id: string };
  const isGood = request.headers.authorization === `Bearer ${GOOD_TOKEN}`;
  if (id.startsWith('healthy')) return answer(id, response);
  setTimeout(() => {
    if (isGood) answer(id, response);
    else send(response, 401, { code: 401, msg: 'Invalid token' });
  }, LATENCY_MS);
}

if (!isMainThread) {
  const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
    // The gateway cancels calls that no client needs any more.
    serve(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  parentPort?.postMessage((server.address() as AddressInfo).port);
}
