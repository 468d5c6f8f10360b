import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { mintTicket } from '../ticket/mint-ticket.ts';
import { checkSender, Refusal, readOrder } from './check-request.ts';
import { type A2eAccount, createVideo } from './create-video.ts';

/** What the back end needs to know. */
export interface BackendOptions {
  readonly a2e: A2eAccount;
  /** The back end as a browser reaches it: `http://127.0.0.1:3000`. Requests for another host are refused. */
  readonly origin: string;
  /** The gateway as a browser reaches it: `wss://gateway.example/graphql`. */
  readonly gateway: string;
  /** One of the gateway's `AUTH_JWT_SECRET`. */
  readonly secret: string;
}

const PAGE: ReadonlyMap<string, URL> = new Map([
  ['/', new URL('./page.html', import.meta.url)],
  ['/page.js', new URL('./page.js', import.meta.url)],
]);

/** The browser's build of graphql-ws, as its package has it: two modules without dependencies. */
const GRAPHQL_WS = new URL('./', import.meta.resolve('graphql-ws/client'));

/**
 * A back end in plain `node:http`. `POST /videos` creates a video at A2E and answers `{ id, ticket, gateway }`: the ticket
 * covers this video alone. `POST /videos/ID/ticket` answers a fresh ticket, when the first has expired.
 *
 * In an application of your own both are for signed-in users, and the second one for the video's owner alone.
 */
export function createBackend(options: BackendOptions): Server {
  const created = new Set<string>();
  return createServer((request, response) => {
    answer(options, created, request, response).catch((error: unknown) => {
      if (response.headersSent) return response.destroy();
      if (error instanceof Refusal) return sendJson(response, error.status, { error: error.message });
      console.error(error);
      sendJson(response, 502, { error: 'The video could not be created' });
    });
  });
}

async function answer(
  { a2e, origin, gateway, secret }: BackendOptions,
  created: Set<string>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  checkSender(request, origin);
  const path = request.url ?? '/';
  const file = request.method === 'GET' ? fileOf(path) : undefined;
  if (file) {
    const content = await readFile(file).catch(refuseMissing);
    const type = path === '/' ? 'text/html; charset=utf-8' : 'text/javascript; charset=utf-8';
    response.writeHead(200, { 'content-type': type }).end(content);
  } else if (request.method === 'POST' && path === '/videos') {
    const id = await createVideo(a2e, await readOrder(request));
    created.add(id);
    sendJson(response, 201, { id, gateway, ticket: await mintTicket(id, { secret }) });
  } else if (request.method === 'POST' && created.has(taskOf(path))) {
    sendJson(response, 200, { ticket: await mintTicket(taskOf(path), { secret }) });
  } else {
    throw new Refusal(404, 'Not found');
  }
}

function refuseMissing(error: NodeJS.ErrnoException): never {
  throw error.code === 'ENOENT' ? new Refusal(404, 'Not found') : error;
}

function fileOf(path: string): URL | undefined {
  const module = /^\/graphql-ws\/((?:client|common)[\w-]*\.js)$/.exec(path)?.[1];
  return module === undefined ? PAGE.get(path) : new URL(module, GRAPHQL_WS);
}

/** The ID of `/videos/ID/ticket`; empty for any other path. */
function taskOf(path: string): string {
  return /^\/videos\/(\w+)\/ticket$/.exec(path)?.[1] ?? '';
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

// node examples/node-backend/backend.ts
if (import.meta.main) {
  const { A2E_API_URL: url = 'https://video.a2e.ai', A2E_API_TOKEN: token = '', AUTH_JWT_SECRET = '' } = process.env;
  const { GATEWAY_URL: gateway = 'ws://127.0.0.1:4000/graphql' } = process.env;
  const secret = AUTH_JWT_SECRET.split(',')[0]?.trim() ?? '';
  if (token === '' || secret === '') {
    process.stderr.write('A2E_API_TOKEN and AUTH_JWT_SECRET are needed\n');
    process.exit(2);
  }
  const origin = 'http://127.0.0.1:3000';
  createBackend({ a2e: { url, token }, origin, gateway, secret }).listen(3000, '127.0.0.1', () => {
    console.log(`listening on ${origin}`);
  });
}
