import { testClient, testProcessRestart } from './client-suite.ts';
import { disposable, type Watch } from './subscriber.ts';
import { socketTo, WATCH, type WatchData } from './subscription.ts';

const watch: Watch = (url, id, observer) => {
  const unsubscribe = socketTo(url).subscribe<WatchData>(
    { query: WATCH, variables: { id } },
    {
      next: ({ data }) => observer.next(data?.taskStatus),
      error: (error) => observer.error(error),
      complete: () => observer.complete(),
    },
  );
  return disposable(unsubscribe);
};

testClient('graphql-ws 6', { cut: 'resumes', restart: 'resumes' }, watch);
testProcessRestart('graphql-ws 6', 'resumes', watch);
