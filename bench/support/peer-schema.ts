import { readFileSync } from 'node:fs';
import { GraphQLDateTime, GraphQLURL } from 'graphql-scalars';
import { sampleTask } from './task.ts';

/** The gateway's own schema, for the peers. */
export const typeDefs = readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8');

/** The task of the queries. The peer already has it, so that it waits for no call. */
const known = new Map<string, ReturnType<typeof sampleTask>>();

/** All but the subscriptions, which every peer makes in its own way. */
export const resolvers = {
  DateTime: GraphQLDateTime,
  URL: GraphQLURL,
  Query: {
    videoTask: async (_root: unknown, { id }: { id: string }) =>
      known.getOrInsertComputed(id, () => sampleTask(id, 42)),
  },
};
