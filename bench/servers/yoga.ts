import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ExecutionArgs, execute, subscribe } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { createPubSub, createSchema, createYoga, map, pipe, Repeater } from 'graphql-yoga';
import { WebSocketServer } from 'ws';
import { resolvers, typeDefs } from '../support/peer-schema.ts';
import { expose } from '../support/probe.ts';
import { sampleTask, taskId } from '../support/task.ts';

/** Yoga with its pubsub, its own SSE, and graphql-ws as Yoga's documentation of subscriptions puts it in. */
const pubsub = createPubSub<{ task: [id: string, progress: number] }>();
const schema = createSchema({
  typeDefs,
  resolvers: {
    ...resolvers,
    Subscription: {
      taskStatus: {
        subscribe: (_root: unknown, { id }: { id: string }) =>
          pipe(
            Repeater.merge([0, pubsub.subscribe('task', id)]),
            map((progress) => ({ taskStatus: sampleTask(id, progress) })),
          ),
      },
    },
  },
});

const yoga = createYoga({ schema, logging: false });
const http = createServer(yoga);
useServer(
  {
    execute: (args: ExecutionArgs) => execute(args),
    subscribe: (args: ExecutionArgs) => subscribe(args),
    onSubscribe: async (_context, _id, { query, variables, operationName }) => {
      const enveloped = yoga.getEnveloped();
      const document = enveloped.parse(query);
      const args = {
        schema: enveloped.schema,
        document,
        operationName,
        variableValues: variables,
        contextValue: await enveloped.contextFactory(),
      };
      const errors = enveloped.validate(args.schema, args.document);
      return errors.length > 0 ? errors : args;
    },
  },
  new WebSocketServer({ server: http, path: '/graphql' }),
);

expose('publish', (tasks: number, progress: number) => {
  for (let index = 0; index < tasks; index += 1) pubsub.publish('task', taskId(index), progress);
});

http.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  console.log(`listening on http://127.0.0.1:${(http.address() as AddressInfo).port}/graphql`);
});
