import { printedSchema } from './printed-schema.ts';
import { schema } from './schema.ts';

/**
 * The first version of Federation 2 with subscriptions.
 * Source: Apollo, "Configure GraphQL Subscription Support", prerequisites.
 */
const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.4", import: ["@key"])';

/**
 * The schema as a supergraph is composed from it: with Federation's directives, and without `_service` and `_entities`,
 * which every subgraph has. Source: Apollo Federation subgraph specification, "Query._service". `VideoTask` is the one
 * entity. The directive is added to the text, because graphql prints no directives that are applied.
 */
export function subgraphSdl(): string {
  const sdl = printedSchema(schema).replace(/^type VideoTask(?= \{$)/m, 'type VideoTask @key(fields: "id")');
  return `${LINK}\n\n${sdl}`;
}
