import { createClient } from 'graphql-ws';

/** `offline`: the connection was lost, and the client tries to connect again. `idle`: there is nothing to watch. */
export type Connection = 'idle' | 'online' | 'offline';

/** How long a dead line may go unnoticed, and how long the gateway may take for a pong, in ms. */
const PING_EVERY_MS = 10_000;
const PONG_WITHIN_MS = 5_000;
const LONGEST_RETRY_WAIT_MS = 10_000;

let connection: Connection = 'idle';
const listeners = new Set<() => void>();
let open: WebSocket | undefined;
let pongTimer: ReturnType<typeof setTimeout> | undefined;

/** The one WebSocket of the page. It opens with the first subscription and closes after the last one. */
export const socket = createClient({
  url: '/graphql',
  // By default the client gives up when a connection breaks. A page that stays open tries for as long as it takes.
  retryAttempts: Number.POSITIVE_INFINITY,
  retryWait: (retries) => sleep(Math.min(500 * 2 ** retries, LONGEST_RETRY_WAIT_MS) * (0.5 + Math.random() / 2)),
  // Retry when a connection cannot open, which fires `error`, or closes, unless with 4403: no token or a bad one. An
  // error of another kind would fail again at once.
  shouldRetry: (problem) => problem instanceof Event && !(problem instanceof CloseEvent && problem.code === 4403),
  // With a token: connectionParams: async () => ({ authorization: `Bearer ${await token()}` }),
  keepAlive: PING_EVERY_MS,
  on: {
    connected: (opened) => {
      open = opened as WebSocket;
      change('online');
    },
    // 1000: the client itself closed the connection, because the last subscription has ended.
    closed: (event) => {
      clearTimeout(pongTimer);
      change((event as CloseEvent).code === 1000 ? 'idle' : 'offline');
    },
    ping: (received) => {
      if (!received) pongTimer = setTimeout(() => open?.close(4408, 'No pong'), PONG_WITHIN_MS);
    },
    pong: (received) => {
      if (received) clearTimeout(pongTimer);
    },
  },
});

/** The present state of the connection. */
export function currentConnection(): Connection {
  return connection;
}

/** Calls the listener after every change of the connection; returns the function that ends this. */
export function onConnectionChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function change(next: Connection): void {
  connection = next;
  for (const listener of listeners) listener();
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
