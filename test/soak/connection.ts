import { type IncomingMessage, request } from 'node:http';
import { WebSocket } from 'ws';
import { tcpOf } from '../support/ws-client.ts';
import type { ShownState } from './client-history.ts';
import type { PlannedTransport } from './plan.ts';

/** An error as a result carries it. */
interface ResultError {
  readonly message: string;
  readonly extensions?: { readonly code?: string };
}

/** A result of the subscription. */
export interface Result {
  readonly data?: { readonly taskStatus: ShownState } | null;
  readonly errors?: readonly ResultError[];
}

/** What a subscription reports. After `completed` or `closed` nothing follows. */
export interface Events {
  readonly result: (result: Result) => void;
  /** The gateway has ended the subscription. */
  readonly completed: () => void;
  /** The connection has ended before the subscription. */
  readonly closed: () => void;
}

/** The connection of one subscription. */
export interface Connection {
  /** Reads nothing until {@link resume}. */
  pause(): void;
  resume(): void;
  /** Ends it, as an application that has seen enough. */
  leave(): void;
  /** Destroys the socket, as a process that crashes. */
  crash(): void;
}

const QUERY = 'subscription ($id: ID!) { taskStatus(id: $id) { status progress stale finished } }';
const ACCEPT = { SSE: 'text/event-stream', multipart: 'multipart/mixed;subscriptionSpec=1.0' } as const;

/** Subscribes to a task; the connection begins at once. */
export function openConnection(
  transport: PlannedTransport,
  gatewayUrl: string,
  id: string,
  events: Events,
): Connection {
  const once = onceOver(events);
  return transport === 'WebSocket' ? openWebSocket(gatewayUrl, id, once) : openHttp(transport, gatewayUrl, id, once);
}

/** Lets one end through, and nothing after it. */
function onceOver({ result, completed, closed }: Events): Events {
  let isOver = false;
  const end = (report: () => void) => () => {
    if (isOver) return;
    isOver = true;
    report();
  };
  return {
    completed: end(completed),
    closed: end(closed),
    result: (value) => {
      if (!isOver) result(value);
    },
  };
}

interface WireMessage {
  readonly type: string;
  readonly payload?: unknown;
}

function openWebSocket(gatewayUrl: string, id: string, { result, completed, closed }: Events): Connection {
  const socket = new WebSocket(`${gatewayUrl.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const send = (message: object): void => socket.send(JSON.stringify(message));
  const take = ({ type, payload }: WireMessage): void => {
    if (type === 'connection_ack') send({ id: '1', type: 'subscribe', payload: { query: QUERY, variables: { id } } });
    else if (type === 'next') result(payload as Result);
    else if (type === 'error') result({ errors: payload as ResultError[] });
    if (type !== 'complete' && type !== 'error') return;
    completed();
    socket.close(1000);
  };
  socket.on('open', () => send({ type: 'connection_init' }));
  socket.on('message', (text) => take(JSON.parse(String(text)) as WireMessage));
  socket.on('error', () => {});
  socket.on('close', closed);
  return {
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    leave() {
      if (socket.readyState === WebSocket.OPEN) send({ id: '1', type: 'complete' });
      socket.close(1000);
    },
    crash() {
      if (socket.readyState === WebSocket.OPEN) tcpOf(socket).resetAndDestroy();
      else socket.terminate();
    },
  };
}

function openHttp(
  transport: 'SSE' | 'multipart',
  gatewayUrl: string,
  id: string,
  { result, completed, closed }: Events,
): Connection {
  const call = request(new URL('/graphql', gatewayUrl), {
    method: 'POST',
    agent: false,
    headers: { accept: ACCEPT[transport], 'content-type': 'application/json' },
  });
  let stream: IncomingMessage | null = null;
  const read = transport === 'SSE' ? readEvents : readParts;
  call.on('error', () => {});
  call.on('close', closed);
  call.on('response', (response) => {
    stream = response;
    let rest = '';
    response.on('error', () => {});
    response.setEncoding('utf8').on('data', (chunk: string) => {
      const found = read(rest + chunk);
      rest = found.rest;
      for (const each of found.results) result(each);
      if (found.isComplete) completed();
    });
  });
  call.end(JSON.stringify({ query: QUERY, variables: { id } }));
  return {
    pause: () => void stream?.pause(),
    resume: () => void stream?.resume(),
    leave: () => void call.destroy(),
    crash() {
      call.socket?.resetAndDestroy();
      call.destroy();
    },
  };
}

interface Found {
  readonly results: readonly Result[];
  readonly isComplete: boolean;
  readonly rest: string;
}

/** The events of GraphQL over SSE in a text that may break off. */
function readEvents(text: string): Found {
  const blocks = text.split('\n\n');
  const rest = blocks.pop() ?? '';
  const results = blocks.flatMap((block) => {
    const json = /^event: next\ndata: (.*)$/s.exec(block)?.[1];
    return json === undefined ? [] : [JSON.parse(json) as Result];
  });
  return { results, isComplete: blocks.some((block) => block.startsWith('event: complete')), rest };
}

/** The parts of Apollo's multipart protocol in a text that may break off. */
function readParts(text: string): Found {
  const parts = text.split('\r\n--graphql');
  const rest = parts.pop() ?? '';
  const results = parts.flatMap((part) => {
    const json = /\r\n\r\n(\{"payload":.*\})$/s.exec(part)?.[1];
    return json === undefined ? [] : [(JSON.parse(json) as { readonly payload: Result }).payload];
  });
  return { results, isComplete: rest.startsWith('--'), rest };
}
