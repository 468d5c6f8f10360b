import { createClient } from 'graphql-ws';

/**
 * `offline`: the connection was lost, and the client tries to connect again. `refused`: it does not try again by itself.
 * `idle`: there is nothing to watch.
 */
export type Connection = 'idle' | 'online' | 'offline' | 'refused';

/** How long a dead line may go unnoticed, and how long the gateway may take for a pong, in ms. */
const PING_EVERY_MS = 10_000;
const PONG_WITHIN_MS = 5_000;
const LONGEST_RETRY_WAIT_MS = 10_000;

/** The close codes without a retry: 4403 by `shouldRetry` below, the others by graphql-ws itself. */
const FINAL_CODES: ReadonlySet<number> = new Set([
  ...[1002, 1003, 1007, 1008, 1009, 1010, 1011, 1015],
  ...[4004, 4005, 4400, 4401, 4403, 4406, 4409, 4429, 4500],
]);

let connection: Connection = 'idle';
const listeners = new Set<() => void>();
let pongTimer: ReturnType<typeof setTimeout> | undefined;

/** The one WebSocket of the page. It opens with the first subscription and closes after the last one. */
export const socket = createClient({
  url: '/graphql',
  // By default the client gives up when a connection breaks. A page that stays open tries for as long as it takes.
  retryAttempts: Number.POSITIVE_INFINITY,
  retryWait: (retries) => sleep(Math.min(500 * 2 ** retries, LONGEST_RETRY_WAIT_MS) * (0.5 + Math.random() / 2)),
  shouldRetry,
  // With a token: connectionParams: async () => ({ authorization: `Bearer ${await token()}` }),
  keepAlive: PING_EVERY_MS,
  on: {
    connected: () => change('online'),
    closed: (event) => {
      clearTimeout(pongTimer);
      change(connectionAfter((event as CloseEvent).code));
    },
    ping: (received) => {
      if (!received) pongTimer = setTimeout(() => socket.terminate(), PONG_WITHIN_MS);
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

/**
 * Retry when a connection cannot open, which fires `error`, or closes, unless with 4403: no token or a bad one. An error
 * of another kind would fail again at once.
 */
export function shouldRetry(problem: unknown): boolean {
  const { type, code } = problem as Partial<CloseEvent>;
  return type === 'error' || (typeof code === 'number' && code !== 4403);
}

function connectionAfter(code: number): Connection {
  // 1000: the client itself closed the connection, because the last subscription has ended.
  if (code === 1000) return 'idle';
  return FINAL_CODES.has(code) ? 'refused' : 'offline';
}

function change(next: Connection): void {
  connection = next;
  for (const listener of listeners) listener();
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
