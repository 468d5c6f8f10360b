import relay, { type GraphQLResponse, type SubscribeFunction } from 'relay-runtime';
import { expect, test } from 'vitest';
import { CallbackQueue } from '../support/callback-queue.ts';
import { startPair } from '../support/gateway.ts';
import { testClient } from './client-suite.ts';
import { compileRequest } from './relay-request.ts';
import { disposable, Subscriber } from './subscriber.ts';
import { type State, socketTo, WATCH, type WatchData } from './subscription.ts';

const { Environment, Network, Observable, RecordSource, requestSubscription, Store } = relay;

const WATCH_ALL = 'subscription Watch($ids: [ID!]!) { taskStatuses(ids: $ids) { id status progress } }';
const [request, requestOfAll] = await Promise.all([compileRequest(WATCH), compileRequest(WATCH_ALL)]);

/** An environment of Relay whose subscriptions go over graphql-ws. */
function environmentOf(url: string): InstanceType<typeof Environment> {
  const socket = socketTo(url);
  const subscribe: SubscribeFunction = ({ text, name }, variables) =>
    Observable.create<GraphQLResponse>((sink) =>
      socket.subscribe(
        { query: text ?? '', operationName: name, variables },
        { next: (result) => sink.next(result as GraphQLResponse), error: sink.error, complete: sink.complete },
      ),
    );
  return new Environment({
    network: Network.create(() => Promise.reject(new Error('the test sends no query')), subscribe),
    store: new Store(new RecordSource()),
  });
}

testClient('relay-runtime 21, graphql-ws', { cut: 'resumes', restart: 'resumes' }, (url, id, observer) => {
  const subscription = requestSubscription(environmentOf(url), {
    subscription: request,
    variables: { id },
    // Read from the store, where Relay has normalised the result.
    onNext: (data) => observer.next((data as WatchData | null)?.taskStatus),
    onError: (error) => observer.error(error),
    onCompleted: () => observer.complete(),
  });
  return disposable(() => subscription.dispose());
});

test('relay-runtime 21 goes on with the other tasks of taskStatuses when one does not exist', async () => {
  await using pair = await startPair();
  pair.simulator.setTask('known', { status: 'process', process: 10 });
  const subscriber = new Subscriber();
  const results = new CallbackQueue<unknown>();
  const subscription = requestSubscription(environmentOf(pair.gateway.url), {
    subscription: requestOfAll,
    variables: { ids: ['known', 'missing'] },
    onNext: (data) => {
      const { taskStatuses } = data as { readonly taskStatuses: State | null };
      results.put(taskStatuses);
      subscriber.next(taskStatuses);
    },
    onError: (error) => subscriber.error(error),
    onCompleted: () => subscriber.complete(),
  });
  using _watch = disposable(() => subscription.dispose());
  await results.find((state) => state === null);
  pair.simulator.setTask('known', { status: 'success' });
  const [end] = await subscriber.ends.count(1);
  expect(end).toEqual({ kind: 'complete' });
  expect(subscriber.states.all.at(-1)).toMatchObject({ id: 'known', status: 'SUCCESS' });
});
