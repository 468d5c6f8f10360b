import { createClient, handleSubscriptions } from 'villus';
import { testClient } from './client-suite.ts';
import { disposable } from './subscriber.ts';
import { socketTo, WATCH, type WatchData } from './subscription.ts';

testClient('villus 3, graphql-ws', { cut: 'resumes', restart: 'resumes' }, async (url, id, observer) => {
  const socket = socketTo(url);
  const forward = handleSubscriptions(({ query, variables = {} }) => ({
    subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, sink) }),
  }));
  const client = createClient({ url: `${url}/graphql`, use: [forward] });
  const results = await client.executeSubscription<WatchData>({ query: WATCH, variables: { id } });
  const { unsubscribe } = results.subscribe({
    next: ({ data }) => observer.next(data?.taskStatus),
    error: (error) => observer.error(error),
    complete: () => observer.complete(),
  });
  return disposable(unsubscribe);
});
