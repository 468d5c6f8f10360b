import { type DocumentNode, type ExecutionArgs, execute, GraphQLError, type GraphQLSchema } from 'graphql';
import { createYoga, type GraphQLParams, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import { createContext, type GraphQLContext } from '../schema/context.ts';
import { toGraphQLError } from '../schema/errors.ts';
import type { Patience } from '../task/task-observer.ts';
import type { TaskRegistry } from '../task/task-registry.ts';
import type { Caller } from './access/caller.ts';
import type { Documents } from './documents.ts';
import { httpOnly } from './http-only.ts';
import { hashOf } from './operation-params.ts';
import type { ReadLog } from './read-log.ts';
import { fromSearch } from './request-params.ts';
import { feedFor } from './task-feed.ts';

/** What the HTTP server hands to Yoga beside the request. */
export interface YogaContext extends Record<string, unknown> {
  readonly caller: Caller;
  /** Notes what the operation reads. */
  readonly reads?: ReadLog;
  /** Aborts when the client has gone. */
  readonly signal?: AbortSignal;
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
    context: ({ caller, reads, signal }) =>
      createContext({ feed: feedFor(caller, registry, patience, { reads, signal }), maxIds }),
    plugins: [httpOnly, useDocuments(documents)],
    maskedErrors: { maskError: (error) => masked(error, onUnforeseen) },
    maxRequestBodySize: maxBodyBytes,
    parserAndValidationCache: false,
    extraParamNames: ['documentId'],
    batching: false,
    multipart: false,
    cors: false,
    graphiql: false,
    landingPage: false,
    logging: false,
  });
}

/**
 * Chooses, parses, validates and limits documents like every other transport, and executes them with the same
 * executor: Yoga's own one tells the caller what the schema has ("Did you mean") whatever it is told.
 */
function useDocuments(documents: Documents): Plugin {
  const { hideSuggestions } = documents;
  const errorsOf = new WeakMap<DocumentNode, readonly Error[]>();
  return {
    onRequestParse({ request, setRequestParser }) {
      // Yoga's own parser of a GET fails on JSON that is none, and knows no documentId.
      if (request.method === 'GET') setRequestParser(paramsOfGet);
    },
    onParams({ params, setParams }) {
      const hash = hashOf(params);
      const given: unknown = params.query === '' && hash !== null ? null : (params.query ?? null);
      if ((given === null && hash === null) || (given !== null && typeof given !== 'string')) return;
      const query = documents.textOf({ query: given, hash });
      if (query instanceof GraphQLError) throw query;
      setParams({ ...params, query });
    },
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
    onExecute({ args, setExecuteFn, setResultAndStopExecution }) {
      const { document, operationName = null, variableValues = {} } = args;
      const excess = documents.forbids(document, operationName, variableValues);
      if (excess) setResultAndStopExecution({ errors: [excess] });
      else setExecuteFn((given: ExecutionArgs) => execute({ ...given, hideSuggestions }));
    },
  };
}

function paramsOfGet({ url }: Request): GraphQLParams {
  const params = fromSearch(new URL(url).searchParams);
  if (params instanceof GraphQLError) throw new GraphQLError(params.message, { extensions: { http: { status: 400 } } });
  return params;
}

function masked(error: unknown, onUnforeseen: (error: unknown) => void): Error {
  const visible = toGraphQLError(error);
  if (visible !== error && visible.extensions['code'] === 'INTERNAL_SERVER_ERROR') onUnforeseen(error);
  return visible;
}
