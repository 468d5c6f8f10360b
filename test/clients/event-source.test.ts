import { EventSource } from 'eventsource';
import { testClient } from './client-suite.ts';
import { disposable } from './subscriber.ts';
import { WATCH, type WatchData } from './subscription.ts';

testClient('eventsource 5', { cut: 'resumes', restart: 'resumes' }, (url, id, observer) => {
  const address = new URL('/graphql', url);
  address.searchParams.set('query', WATCH);
  address.searchParams.set('variables', JSON.stringify({ id }));
  const events = new EventSource(address);
  events.addEventListener('next', ({ data }) => {
    observer.next((JSON.parse(data) as { data: WatchData }).data.taskStatus);
  });
  events.addEventListener('complete', () => {
    events.close();
    observer.complete();
  });
  events.addEventListener('error', (error) => {
    if (events.readyState === EventSource.CLOSED) observer.error(error);
  });
  return disposable(() => events.close());
});
