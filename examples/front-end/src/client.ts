import { ApolloClient, HttpLink, InMemoryCache, split } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { getMainDefinition } from '@apollo/client/utilities';
import { createClient } from 'graphql-ws';

const http = new HttpLink({ uri: '/graphql' });
const webSocket = new GraphQLWsLink(
  createClient({
    url: '/graphql',
    // Left alone, the client gives up when a connection breaks without a goodbye. Eight tries, ever slower: four minutes.
    retryAttempts: 8,
    // Not after 4403, no token or a bad one: that is an error to show. Unless connectionParams fetches a fresh one.
    shouldRetry: (closed) => !(closed instanceof CloseEvent && closed.code === 4403),
    // With a token: connectionParams: async () => ({ authorization: `Bearer ${await token()}` }),
  }),
);

/** Subscriptions go over one WebSocket, everything else over HTTP. */
export const client = new ApolloClient({
  cache: new InMemoryCache(),
  link: split(
    ({ query }) => {
      const definition = getMainDefinition(query);
      return definition.kind === 'OperationDefinition' && definition.operation === 'subscription';
    },
    webSocket,
    http,
  ),
});
