import { type Client, createClient } from 'graphql-ws';

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

/** How soon every client that reconnects tries again, in ms. */
export const RETRY_MS = 50;

/**
 * A graphql-ws client that retries the loss of a connection, as docs/clients/settings.md says, with a short wait. A WebSocket that
 * cannot open fires `error`, an event without a code, before `close`.
 */
export function socketTo(url: string): Client {
  return createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    retryAttempts: 1_000,
    retryWait: () => new Promise((resolve) => setTimeout(resolve, RETRY_MS)),
    shouldRetry: (problem) => {
      const { type, code } = problem as Partial<CloseEvent>;
      return type === 'error' || (typeof code === 'number' && code !== 4403);
    },
  });
}
