import SchemaBuilder from '@pothos/core';
import type { GraphQLContext } from './context.ts';

/** The one builder that every file of the schema adds its types and fields to. */
export const builder = new SchemaBuilder<{
  Context: GraphQLContext;
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Date; Output: Date };
    URL: { Input: URL; Output: string };
    /** Of Federation, in a subgraph. */
    _Any: { Input: unknown; Output: unknown };
  };
}>({});
