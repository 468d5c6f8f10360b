import { setTimeout as delay } from 'node:timers/promises';
import { type Client, createClient } from 'graphql-ws';
import { CallbackQueue } from '../support/callback-queue.ts';

/** The fields of a task that every client selects. */
export interface State {
  readonly id: string;
  readonly status: string;
  readonly progress: number | null;
  readonly resultUrl: string | null;
}

/** The subscription that every client sends. */
export const WATCH = 'subscription Watch($id: ID!) { taskStatus(id: $id) { id status progress resultUrl } }';

/** The result of {@link WATCH}. */
export interface WatchData {
  readonly taskStatus: State;
}

/** The callbacks of a client, as an application sees them. */
export interface Observer {
  next(state: State | null | undefined): void;
  error(error: unknown): void;
  complete(): void;
}

/** Subscribes a client to a task at the gateway `url` (`http://HOST:PORT`); disposing of the answer unsubscribes. */
export type Watch = (url: string, id: string, observer: Observer) => Disposable | Promise<Disposable>;

/** How a subscription has ended, as the application sees it. */
export type End = { readonly kind: 'complete' } | { readonly kind: 'error'; readonly error: unknown };

/** All that a client has told its application. */
export class Subscriber implements Observer {
  readonly states = new CallbackQueue<State>();
  readonly ends = new CallbackQueue<End>();

  next(state: State | null | undefined): void {
    if (state) this.states.put(state);
  }

  error(error: unknown): void {
    this.ends.put({ kind: 'error', error });
  }

  complete(): void {
    this.ends.put({ kind: 'complete' });
  }
}

/** How soon every client that reconnects tries again, in ms. */
export const RETRY_MS = 50;

/**
 * A graphql-ws client that retries the loss of a connection, as docs/clients.md says, with a short wait. A WebSocket that
 * cannot connect fires `error`, an event without a code, before `close`; an `Error` is no fault of the connection.
 */
export function socketTo(url: string): Client {
  return createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    retryAttempts: 1_000,
    retryWait: () => delay(RETRY_MS),
    shouldRetry: (problem) => !(problem instanceof Error) && (problem as CloseEvent).code !== 4403,
  });
}

/** Disposing of it calls `dispose`. */
export function disposable(dispose: () => void): Disposable {
  return { [Symbol.dispose]: dispose };
}
