import relay, { type GraphQLResponse, type SubscribeFunction } from 'relay-runtime';
import { testClient } from './client-suite.ts';
import { compileRequest } from './relay-request.ts';
import { disposable } from './subscriber.ts';
import { socketTo, type WatchData } from './subscription.ts';

const { Environment, Network, Observable, RecordSource, requestSubscription, Store } = relay;

const request = await compileRequest();

testClient('relay-runtime 21, graphql-ws', { cut: 'resumes', restart: 'resumes' }, (url, id, observer) => {
  const socket = socketTo(url);
  const subscribe: SubscribeFunction = ({ text, name }, variables) =>
    Observable.create<GraphQLResponse>((sink) =>
      socket.subscribe(
        { query: text ?? '', operationName: name, variables },
        { next: (result) => sink.next(result as GraphQLResponse), error: sink.error, complete: sink.complete },
      ),
    );
  const environment = new Environment({
    network: Network.create(() => Promise.reject(new Error('the test sends no query')), subscribe),
    store: new Store(new RecordSource()),
  });
  const subscription = requestSubscription(environment, {
    subscription: request,
    variables: { id },
    // Read from the store, where Relay has normalised the result.
    onNext: (data) => observer.next((data as WatchData | null)?.taskStatus),
    onError: (error) => observer.error(error),
    onCompleted: () => observer.complete(),
  });
  return disposable(() => subscription.dispose());
});
