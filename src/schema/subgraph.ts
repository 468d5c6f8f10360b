import type { GraphQLSchema } from 'graphql';
import { BadUserInput } from '../errors.ts';
import { builder } from './builder.ts';
import { parseRepresentation } from './entity-representation.ts';
import { locationOf, withTaskId } from './graphql-errors.ts';
import './schema.ts';
import { subgraphSdl } from './subgraph-sdl.ts';
import { VideoTask } from './video-task.ts';

/**
 * The part of Federation 2 that a subgraph answers to a router. `@pothos/plugin-federation` is not used: it does not
 * work with graphql 17. Source: Apollo Federation subgraph specification. `schema.ts` is built before these types exist.
 */

builder.scalarType('_Any', {
  description: 'The representation of an entity: its `__typename` and the fields of its key.',
  serialize: (value) => value,
});

const Service = builder.objectRef<{ readonly sdl: string }>('_Service').implement({
  description: 'What a supergraph is composed from.',
  fields: (t) => ({
    sdl: t.exposeString('sdl', { nullable: false, description: 'The schema of this subgraph, with its directives.' }),
  }),
});

const Entity = builder.unionType('_Entity', {
  description: 'Every type with a key.',
  types: [VideoTask],
  resolveType: () => VideoTask,
});

builder.queryField('_service', (t) =>
  t.field({
    type: Service,
    nullable: false,
    description: 'Answers without introspection too, because a supergraph is composed from it.',
    resolve: () => ({ sdl: SDL }),
  }),
);

builder.queryField('_entities', (t) =>
  t.field({
    type: [Entity],
    nullable: { list: false, items: true },
    description:
      'The entities, in the order asked; null for a task that A2E does not know. A representation that is malformed, or ' +
      'of a task that cannot be read, is null beside an error; the rest is not affected.',
    args: {
      representations: t.arg({
        type: ['_Any'],
        required: true,
        description: 'Each `{ __typename: "VideoTask", id }`; at most 100 unless configured otherwise.',
      }),
    },
    resolve: (_root, { representations }, { loader, maxIds }, info) => {
      if (representations.length > maxIds)
        throw new BadUserInput(`${representations.length} representations are too many: at most ${maxIds}.`);
      return representations.map(async (representation, index) => {
        const id = parseRepresentation(representation);
        return withTaskId(id, locationOf(info, index), () => loader.load(id));
      });
    },
  }),
);

const SDL = subgraphSdl();

/** The executable schema of a subgraph, built once: that of `schema.ts` with the fields that a router asks for. */
export const subgraphSchema: GraphQLSchema = builder.toSchema({ sortSchema: false });
