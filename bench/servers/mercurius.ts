import Fastify from 'fastify';
import mercurius from 'mercurius';
import { resolvers, typeDefs } from '../support/peer-schema.ts';
import { expose } from '../support/probe.ts';
import { sampleTask, taskId } from '../support/task.ts';

/** Mercurius with its JIT, its own PubSub and subscriptions. */
const app = Fastify();
app.register(mercurius.default, {
  schema: typeDefs,
  resolvers: {
    ...resolvers,
    Subscription: {
      taskStatus: {
        async *subscribe(_root: unknown, { id }: { id: string }, { pubsub }: mercurius.MercuriusContext) {
          yield { taskStatus: sampleTask(id, 0) };
          for await (const update of await pubsub.subscribe(id)) yield update;
        },
      },
    },
  },
  jit: 1,
  subscription: { fullWsTransport: true },
});

expose('publish', (tasks: number, progress: number) => {
  for (let index = 0; index < tasks; index += 1) {
    const id = taskId(index);
    app.graphql.pubsub.publish({ topic: id, payload: { taskStatus: sampleTask(id, progress) } });
  }
});

const url = await app.listen({ port: 0, host: '127.0.0.1', backlog: 4096 });
console.log(`listening on ${url}/graphql`);
