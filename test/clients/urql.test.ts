import { setTimeout as delay } from 'node:timers/promises';
import { cacheExchange as graphcache } from '@urql/exchange-graphcache';
import { createClient as createSseClient } from 'graphql-sse';
import type { Client as SocketClient } from 'graphql-ws';
import { Client, cacheExchange, type Exchange, fetchExchange, subscriptionExchange } from 'urql';
import { onEnd, pipe, subscribe } from 'wonka';
import { testClient } from './client-suite.ts';
import { disposable, type Observer } from './subscriber.ts';
import { RETRY_MS, type State, socketTo, WATCH, type WatchData } from './subscription.ts';

function watch(client: Client, id: string, observer: Observer): Disposable {
  const { unsubscribe } = pipe(
    client.subscription<WatchData>(WATCH, { id }),
    onEnd(() => observer.complete()),
    subscribe(({ data, error }) => (error ? observer.error(error) : observer.next(data?.taskStatus))),
  );
  return disposable(unsubscribe);
}

function overSocket(socket: SocketClient): Exchange {
  return subscriptionExchange({
    forwardSubscription: ({ query = '', ...rest }) => ({
      subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, ...rest }, sink) }),
    }),
  });
}

testClient('urql 5, graphql-ws', { cut: 'resumes', restart: 'resumes' }, (url, id, observer) => {
  const exchanges = [cacheExchange, fetchExchange, overSocket(socketTo(url))];
  return watch(new Client({ url: `${url}/graphql`, exchanges }), id, observer);
});

testClient('urql 5, graphql-sse', { cut: 'resumes', restart: 'resumes' }, (url, id, observer) => {
  const sse = createSseClient({ url: `${url}/graphql`, retryAttempts: 1_000, retry: () => delay(RETRY_MS) });
  const exchange = subscriptionExchange({
    forwardSubscription: ({ query = '', ...rest }) => ({
      subscribe: (sink) => ({ unsubscribe: sse.subscribe({ query, ...rest }, sink) }),
    }),
  });
  const exchanges = [cacheExchange, fetchExchange, exchange];
  return watch(new Client({ url: `${url}/graphql`, exchanges }), id, observer);
});

testClient(
  'urql 5, fetchSubscriptions',
  { cut: 'reports an error', restart: 'reports an error' },
  (url, id, observer) => {
    const exchanges = [cacheExchange, fetchExchange];
    return watch(new Client({ url: `${url}/graphql`, exchanges, fetchSubscriptions: true }), id, observer);
  },
);

const QUERY = 'query Task($id: ID!) { videoTask(id: $id) { id status progress resultUrl } }';

/** A stage has no id of its own: it is part of its task. */
const STAGES_HAVE_NO_KEY = { ['VideoTaskStage']: () => null };

testClient('urql 5 with Graphcache 9', { cut: 'resumes', restart: 'resumes' }, (url, id, observer) => {
  const cache = graphcache({ keys: STAGES_HAVE_NO_KEY });
  const client = new Client({ url: `${url}/graphql`, exchanges: [cache, fetchExchange, overSocket(socketTo(url))] });
  // The states come from the query: the subscription reaches it through the normalised cache alone.
  const query = pipe(
    client.query<{ readonly videoTask: State | null }>(QUERY, { id }),
    subscribe(({ data, error }) => (error ? observer.error(error) : observer.next(data?.videoTask))),
  );
  const subscription = watch(client, id, {
    next: () => {},
    error: (error) => observer.error(error),
    complete: () => observer.complete(),
  });
  return disposable(() => {
    query.unsubscribe();
    subscription[Symbol.dispose]();
  });
});
