import { ApolloClient, gql, InMemoryCache, type TypedDocumentNode } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { ApolloProvider, useSubscription } from '@apollo/client/react';
import { type ReactElement, StrictMode, useEffect } from 'react';
import { createRoot } from 'react-dom/client';
import { socketTo, WATCH, type WatchData } from './subscription.ts';

declare global {
  /** Exposed by the test. */
  function report(message: { readonly data?: WatchData; readonly error?: string; readonly complete?: true }): void;
}

const DOCUMENT: TypedDocumentNode<WatchData, { id: string }> = gql(WATCH);

function Task({ id }: { readonly id: string }): ReactElement {
  const { data, error } = useSubscription(DOCUMENT, {
    variables: { id },
    onComplete: () => globalThis.report({ complete: true }),
  });
  useEffect(() => {
    if (error) globalThis.report({ error: error.message });
    else if (data) globalThis.report({ data });
  }, [data, error]);
  return <p>{data?.taskStatus.status}</p>;
}

const client = new ApolloClient({ cache: new InMemoryCache(), link: new GraphQLWsLink(socketTo(location.origin)) });
createRoot(document.body).render(
  <StrictMode>
    <ApolloProvider client={client}>
      <Task id={document.body.dataset['task'] ?? ''} />
    </ApolloProvider>
  </StrictMode>,
);
