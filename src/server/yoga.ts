import type { DocumentNode, GraphQLSchema } from 'graphql';
import { createYoga, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import { createContext, type GraphQLContext } from '../schema/context.ts';
import { toGraphQLError } from '../schema/errors.ts';
import type { Patience } from '../task/task-observer.ts';
import type { TaskRegistry } from '../task/task-registry.ts';
import type { Caller } from './access/caller.ts';
import type { Documents } from './documents.ts';
import { feedFor } from './task-feed.ts';

/** What the HTTP server hands to Yoga beside the request. */
export interface YogaContext extends Record<string, unknown> {
  readonly caller: Caller;
}

export interface YogaOptions {
  readonly schema: GraphQLSchema;
  readonly documents: Documents;
  readonly registry: TaskRegistry;
  readonly patience: Patience;
  readonly maxIds: number;
  readonly maxBodyBytes: number;
  readonly onUnforeseen: (error: unknown) => void;
}

/** GraphQL over HTTP: queries by POST and GET. What streams, pages, CORS and access are served in front of it. */
export function createYogaHandler(options: YogaOptions): YogaServerInstance<YogaContext, GraphQLContext> {
  const { schema, documents, registry, patience, maxIds, maxBodyBytes, onUnforeseen } = options;
  return createYoga<YogaContext, GraphQLContext>({
    schema,
    context: ({ caller }) => createContext({ feed: feedFor(caller, registry, patience), maxIds }),
    plugins: [useDocuments(documents)],
    maskedErrors: { maskError: (error) => masked(error, onUnforeseen) },
    maxRequestBodySize: maxBodyBytes,
    parserAndValidationCache: false,
    batching: false,
    multipart: false,
    cors: false,
    graphiql: false,
    landingPage: false,
    logging: false,
  });
}

/** Parses and validates through the same cache, and the same rules, as every other transport. */
function useDocuments(documents: Documents): Plugin {
  const errorsOf = new WeakMap<DocumentNode, readonly Error[]>();
  return {
    onParse({ params, setParsedDocument, setParseFn }) {
      const { document, errors } = documents.prepare(String(params.source));
      if (document) {
        errorsOf.set(document, errors);
        setParsedDocument(document);
      } else {
        setParseFn(() => {
          throw errors[0];
        });
      }
    },
    onValidate({ params, setResult }) {
      setResult([...(errorsOf.get(params.documentAST as DocumentNode) ?? [])]);
    },
  };
}

function masked(error: unknown, onUnforeseen: (error: unknown) => void): Error {
  const visible = toGraphQLError(error);
  if (visible !== error && visible.extensions['code'] === 'INTERNAL_SERVER_ERROR') onUnforeseen(error);
  return visible;
}
