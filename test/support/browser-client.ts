import { setTimeout as delay } from 'node:timers/promises';
import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { CallbackQueue } from './callback-queue.ts';

/** The fields of a task that the tests of the cluster read. */
export interface Seen {
  readonly status: string;
  readonly progress: number | null;
  readonly stale: boolean;
  readonly finished: boolean;
  /** Where it came from, and when it arrived (ms of this process's monotonic clock). */
  readonly from: string;
  readonly at: number;
}

const DOCUMENT = 'subscription Watch($id: ID!) { taskStatus(id: $id) { status progress stale finished } }';

/**
 * One user in front of a browser: a graphql-ws client that watches one task and, whenever its connection is lost,
 * connects again to whichever gateway the load balancer picks, for as long as it takes.
 */
export class BrowserClient implements AsyncDisposable {
  readonly states = new CallbackQueue<Seen>();
  /** Errors of the subscription: none is expected unless a test asks for one. */
  readonly errors = new CallbackQueue<unknown>();
  /** Resolves when the gateway has completed the subscription, or ended it with an error. */
  readonly ended: Promise<void>;
  /** How its connections were closed, oldest first. */
  readonly closings: number[] = [];
  /** The gateway it is connected to, or tries to be. */
  gateway = '';
  readonly #client: Client;
  readonly #stop: () => void;

  /** @param pick the address of a gateway, as the load balancer sees it. */
  constructor(pick: () => string, id: string, token?: string) {
    this.#client = createClient({
      url: () => {
        this.gateway = pick();
        return `${this.gateway.replace('http', 'ws')}/graphql`;
      },
      webSocketImpl: WebSocket,
      ...(token !== undefined && { connectionParams: { authorization: `Bearer ${token}` } }),
      retryAttempts: Number.POSITIVE_INFINITY,
      retryWait: () => delay(20 + Math.random() * 80),
      shouldRetry: () => true,
      on: { closed: (event) => void this.closings.push((event as { code: number }).code) },
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#stop = this.#client.subscribe<{ taskStatus: Omit<Seen, 'from' | 'at'> }>(
      { query: DOCUMENT, variables: { id } },
      {
        next: ({ data, errors }) => {
          if (errors) this.errors.put(errors);
          if (data) this.states.put({ ...data.taskStatus, from: this.gateway, at: performance.now() });
        },
        error: (error) => {
          this.errors.put(error);
          resolve();
        },
        complete: resolve,
      },
    );
  }

  /** The last state it was shown. */
  get last(): Seen | undefined {
    return this.states.all.at(-1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop();
    // Once a connection has been lost, graphql-ws rejects with the event that closes the present one.
    await Promise.resolve(this.#client.dispose()).catch(() => undefined);
  }
}
