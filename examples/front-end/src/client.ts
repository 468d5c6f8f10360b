import { ApolloClient, HttpLink, InMemoryCache, split } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { getMainDefinition } from '@apollo/client/utilities';
import { createClient } from 'graphql-ws';

const http = new HttpLink({ uri: '/graphql' });
const webSocket = new GraphQLWsLink(
  createClient({
    url: '/graphql',
    // By default the client gives up when a connection breaks. Eight attempts with back-off take about four minutes.
    retryAttempts: 8,
    // Retry when a connection cannot open, which fires `error`, or closes, unless with 4403: no token or a bad one. An
    // error of another kind would fail again at once.
    shouldRetry: (problem) => problem instanceof Event && !(problem instanceof CloseEvent && problem.code === 4403),
    // With a token: connectionParams: async () => ({ authorization: `Bearer ${await token()}` }),
  }),
);

/** Subscriptions go over one WebSocket, queries over HTTP. */
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
