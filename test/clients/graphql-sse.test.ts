import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from 'graphql-sse';
import { testClient, testProcessRestart } from './client-suite.ts';
import { disposable, type Watch } from './subscriber.ts';
import { RETRY_MS, WATCH, type WatchData } from './subscription.ts';

const watch: Watch = (url, id, observer) => {
  const client = createClient({ url: `${url}/graphql`, retryAttempts: 1_000, retry: () => delay(RETRY_MS) });
  client.subscribe<WatchData>(
    { query: WATCH, variables: { id } },
    {
      next: ({ data }) => observer.next(data?.taskStatus),
      error: (error) => observer.error(error),
      complete: () => observer.complete(),
    },
  );
  return disposable(() => client.dispose());
};

testClient('graphql-sse 2', { cut: 'resumes', restart: 'resumes' }, watch);
testProcessRestart('graphql-sse 2', 'resumes', watch);
