import { createClient } from 'graphql-sse';
import { expect, test } from 'vitest';
import { startPair } from '../support/gateway.ts';
import { Subscriber } from './subscriber.ts';
import { WATCH, type WatchData } from './subscription.ts';

/** Two retries, without a pause, in place of five with a back-off. */
const SETTINGS = { singleConnection: true, retryAttempts: 2, retry: () => Promise.resolve() } as const;
const REFUSAL = 'Server responded with 405: Single connection mode is not served: use distinct connections mode';

test('graphql-sse with singleConnection reports that the mode is not served, after its retries', async () => {
  await using pair = await startPair();
  const { url } = pair.gateway;
  const requests: string[] = [];
  const fetchFn: typeof fetch = (input, init) => {
    requests.push(`${init?.method}`);
    return fetch(input, init);
  };
  const client = createClient({ ...SETTINGS, url: `${url}/graphql`, fetchFn });
  const subscriber = new Subscriber();
  client.subscribe<WatchData>(
    { query: WATCH, variables: { id: 'watched' } },
    {
      next: ({ data }) => subscriber.next(data?.taskStatus),
      error: (error) => subscriber.error(error),
      complete: () => subscriber.complete(),
    },
  );
  const [end] = await subscriber.ends.count(1);
  expect(requests).toEqual(['PUT', 'PUT', 'PUT']);
  expect(end).toMatchObject({ kind: 'error', error: { name: 'NetworkError', message: REFUSAL } });
  client.dispose();
});

test('graphql-sse with singleConnection that is not lazy reports the same to onNonLazyError', async () => {
  await using pair = await startPair();
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const url = `${pair.gateway.url}/graphql`;
  const client = createClient({ ...SETTINGS, url, lazy: false, onNonLazyError: resolve });
  expect(await promise).toMatchObject({ message: REFUSAL });
  client.dispose();
});
