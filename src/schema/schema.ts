import type { GraphQLSchema } from 'graphql';
import './query.ts';
import './subscription.ts';
import './video-task-freshness.ts';
import { builder } from './builder.ts';
import './url.ts';

/** The executable schema, built once. Its operations need a `GraphQLContext`. */
export const schema: GraphQLSchema = builder.toSchema({ sortSchema: false });
