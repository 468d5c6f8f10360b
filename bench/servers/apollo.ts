import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApolloServer } from '@apollo/server';
import { expressMiddleware } from '@as-integrations/express5';
import { makeExecutableSchema } from '@graphql-tools/schema';
import express from 'express';
import { PubSub } from 'graphql-subscriptions';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { resolvers, typeDefs } from '../support/peer-schema.ts';
import { expose } from '../support/probe.ts';
import { sampleTask, taskId } from '../support/task.ts';

/** Apollo Server with graphql-ws, as Apollo's documentation of subscriptions puts them together. */
const pubsub = new PubSub();
const schema = makeExecutableSchema({
  typeDefs,
  resolvers: {
    ...resolvers,
    Subscription: {
      taskStatus: {
        async *subscribe(_root: unknown, { id }: { id: string }) {
          yield { taskStatus: sampleTask(id, 0) };
          for await (const update of pubsub.asyncIterableIterator(id) as AsyncIterable<unknown>) yield update;
        },
      },
    },
  },
});

const app = express();
const http = createServer(app);
useServer({ schema }, new WebSocketServer({ server: http, path: '/graphql' }));
const apollo = new ApolloServer({ schema });
await apollo.start();
app.use('/graphql', express.json(), expressMiddleware(apollo));

expose('publish', async (tasks: number, progress: number) => {
  for (let index = 0; index < tasks; index += 1) {
    const id = taskId(index);
    await pubsub.publish(id, { taskStatus: sampleTask(id, progress) });
  }
});

http.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  console.log(`listening on http://127.0.0.1:${(http.address() as AddressInfo).port}/graphql`);
});
