import Fastify from 'fastify';
import mercurius from 'mercurius';
import { contextOfQuery, schema } from '../support/own-schema.ts';

/** Mercurius with its JIT, executing the gateway's own schema over tasks that are known. */
const app = Fastify();
app.register(mercurius.default, { schema, context: contextOfQuery, jit: 1 });

const url = await app.listen({ port: 0, host: '127.0.0.1', backlog: 4096 });
console.log(`listening on ${url}/graphql`);
