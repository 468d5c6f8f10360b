import { ApolloClient, type ApolloLink, gql, HttpLink, InMemoryCache, type TypedDocumentNode } from '@apollo/client';
import { RetryLink } from '@apollo/client/link/retry';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { testClient, testProcessRestart } from './client-suite.ts';
import { disposable, type Observer, type Watch } from './subscriber.ts';
import { RETRY_MS, socketTo, WATCH, type WatchData } from './subscription.ts';

const DOCUMENT: TypedDocumentNode<WatchData, { id: string }> = gql(WATCH);

function watch(link: ApolloLink, id: string, observer: Observer): Disposable {
  const client = new ApolloClient({ cache: new InMemoryCache(), link });
  const subscription = client.subscribe({ query: DOCUMENT, variables: { id } }).subscribe({
    // Apollo Client reports the loss of a connection as a result with `error`.
    next: ({ data, error }) => (error ? observer.error(error) : observer.next(data?.taskStatus)),
    error: (error) => observer.error(error),
    complete: () => observer.complete(),
  });
  return disposable(() => subscription.unsubscribe());
}

testClient('Apollo Client 4, WebSocket', { cut: 'resumes', restart: 'resumes' }, (url, id, observer) =>
  watch(new GraphQLWsLink(socketTo(url)), id, observer),
);

testClient('Apollo Client 4, HttpLink', { cut: 'reports an error', restart: 'reports an error' }, (url, id, observer) =>
  watch(new HttpLink({ uri: `${url}/graphql` }), id, observer),
);

const RETRYING = 'Apollo Client 4, HttpLink with RetryLink';

const watchWithRetries: Watch = (url, id, observer) => {
  const retry = new RetryLink({ delay: { initial: RETRY_MS, max: RETRY_MS }, attempts: { max: 1_000 } });
  return watch(retry.concat(new HttpLink({ uri: `${url}/graphql` })), id, observer);
};

testClient(RETRYING, { cut: 'resumes', restart: 'resumes' }, watchWithRetries);
testProcessRestart(RETRYING, 'resumes', watchWithRetries);
