import { once } from 'node:events';
import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { CallbackQueue } from './callback-queue.ts';

/** One event of an event stream. */
export interface StreamEvent {
  readonly event: string;
  readonly data: unknown;
}

/** An event stream as it arrives. */
export interface SseClient extends AsyncDisposable {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly events: CallbackQueue<StreamEvent>;
  /** The comments so far, which are the heartbeats of the stream. */
  readonly comments: CallbackQueue<string>;
  /** Whether the response ended as HTTP ends one; false for a broken connection. */
  complete(): boolean;
  /** Everything that came, as text. */
  text(): string;
  /** Resolves to all events once the response has ended or broken off. */
  readonly ended: Promise<readonly StreamEvent[]>;
  /** Cuts the connection. */
  abort(): void;
}

export interface SseRequest {
  readonly method?: string;
  readonly query?: string;
  readonly variables?: Record<string, unknown>;
  readonly headers?: Record<string, string>;
  /** Sent instead of the query and variables. */
  readonly body?: string;
}

/** Asks a gateway for an event stream by POST (or GET); resolves once the headers have come. */
export async function openStream(gatewayUrl: string, options: SseRequest = {}): Promise<SseClient> {
  const { method = 'POST', query = '', variables = {}, headers = {} } = options;
  const { body = JSON.stringify({ query, variables }) } = options;
  const url = new URL('/graphql', gatewayUrl);
  if (method === 'GET') {
    url.searchParams.set('query', query);
    url.searchParams.set('variables', JSON.stringify(variables));
  }
  const type = method === 'GET' ? {} : { 'content-type': 'application/json' };
  const call = request(url, { method, agent: false, headers: { accept: 'text/event-stream', ...type, ...headers } });
  call.end(method === 'GET' ? undefined : body);
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  return clientOf(call, response);
}

function clientOf(call: ClientRequest, response: IncomingMessage): SseClient {
  const events = new CallbackQueue<StreamEvent>();
  const comments = new CallbackQueue<string>();
  let text = '';
  let rest = '';
  call.on('error', () => {});
  response.on('error', () => {});
  response.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    const blocks = (rest + chunk).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      if (block.startsWith(':')) comments.put(block);
      else events.put(eventOf(block));
    }
  });
  const ended = new Promise<readonly StreamEvent[]>((resolve) => response.once('close', () => resolve(events.all)));
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    events,
    comments,
    complete: () => response.complete,
    text: () => text,
    ended,
    abort: () => call.destroy(),
    async [Symbol.asyncDispose]() {
      call.destroy();
      if (!response.closed) await ended;
    },
  };
}

function eventOf(block: string): StreamEvent {
  let event = 'message';
  let data = '';
  for (const line of block.split('\n')) {
    const [, field, value = ''] = /^([a-z]+): ?(.*)$/.exec(line) ?? [];
    if (field === 'event') event = value;
    if (field === 'data') data += value;
  }
  return { event, data: data === '' ? null : JSON.parse(data) };
}
