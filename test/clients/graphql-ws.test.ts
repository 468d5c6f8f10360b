import { testClient } from './client-suite.ts';
import { disposable } from './subscriber.ts';
import { socketTo, WATCH, type WatchData } from './subscription.ts';

testClient('graphql-ws 6', { cut: 'resumes', restart: 'resumes' }, (url, id, observer) => {
  const unsubscribe = socketTo(url).subscribe<WatchData>(
    { query: WATCH, variables: { id } },
    {
      next: ({ data }) => observer.next(data?.taskStatus),
      error: (error) => observer.error(error),
      complete: () => observer.complete(),
    },
  );
  return disposable(unsubscribe);
});
