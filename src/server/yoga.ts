import { type DocumentNode, type ExecutionArgs, execute, GraphQLError, type GraphQLSchema } from 'graphql';
import { createYoga, type GraphQLParams, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import { createContext, type GraphQLContext } from '../schema/context.ts';
import { toGraphQLError } from '../schema/errors.ts';
import type { Patience } from '../task/task-observer.ts';
import type { TaskRegistry } from '../task/task-registry.ts';
import type { Caller } from './access/caller.ts';
import type { Documents } from './documents.ts';
import { httpOnly } from './http-only.ts';
import type { OperationParams } from './operation-params.ts';
import type { ReadLog } from './read-log.ts';
import { paramsOfBody, paramsOfSearch } from './request-params.ts';
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
  readonly onUnforeseen: (error: unknown) => void;
}

/** GraphQL over HTTP: queries by POST and GET. What streams, pages, CORS and access are served in front of it. */
export function createYogaHandler(options: YogaOptions): YogaServerInstance<YogaContext, GraphQLContext> {
  const { schema, documents, registry, patience, maxIds, onUnforeseen } = options;
  return createYoga<YogaContext, GraphQLContext>({
    schema,
    context: ({ caller, reads, signal }) =>
      createContext({ feed: feedFor(caller, registry, patience, { reads, signal }), maxIds }),
    plugins: [httpOnly, useDocuments(documents)],
    maskedErrors: { maskError: (error) => masked(error, onUnforeseen) },
    parserAndValidationCache: false,
    extraParamNames: ['hash'],
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
  const errorsOf = new WeakMap<DocumentNode, readonly GraphQLError[]>();
  return {
    onRequestParse({ setRequestParser }) {
      setRequestParser(async (request) => ({ ...(await readRequest(request)) }) as GraphQLParams);
    },
    onParams({ params, setParams }) {
      const query = documents.textOf(params as unknown as OperationParams);
      if (query instanceof GraphQLError) throw refusal(query);
      setParams({ ...params, query });
    },
    onParse({ params, setParsedDocument, setParseFn }) {
      const { document, errors } = documents.prepare(String(params.source));
      if (document) {
        errorsOf.set(document, errors);
        setParsedDocument(document);
      } else {
        setParseFn(() => {
          throw refusal(errors[0] as GraphQLError);
        });
      }
    },
    onValidate({ params, setResult }) {
      setResult((errorsOf.get(params.documentAST as DocumentNode) ?? []).map(refusal));
    },
    onExecute({ args, setExecuteFn, setResultAndStopExecution }) {
      const { document, operationName = null, variableValues = {} } = args;
      const excess = documents.forbids(document, operationName, variableValues);
      if (excess) setResultAndStopExecution({ errors: [refusal(excess)] });
      else setExecuteFn((given: ExecutionArgs) => refused(execute({ ...given, hideSuggestions })));
    },
  };
}

/** Reads the parameters as every other transport does: Yoga's own parsers echo a body that is no JSON. */
async function readRequest(request: Request): Promise<OperationParams> {
  const params =
    request.method === 'GET' ? paramsOfSearch(new URL(request.url).searchParams) : paramsOfBody(await request.text());
  if (params instanceof GraphQLError) throw new GraphQLError(params.message, { extensions: { http: { status: 400 } } });
  return params;
}

/**
 * What was refused before it was executed has no data, and its answer no status 200 where the media type says what a
 * status means. Source: GraphQL over HTTP, "application/graphql-response+json". A new error: Yoga writes into it, and
 * the one it is made of may be shown to others, over other transports.
 */
function refusal({ message, nodes, source, positions, path, extensions }: GraphQLError): GraphQLError {
  const http = { spec: true, status: 400 };
  return new GraphQLError(message, { nodes, source, positions, path, extensions: { http, ...extensions } });
}

function refused(result: ReturnType<typeof execute>): ReturnType<typeof execute> {
  if (result instanceof Promise || 'data' in result) return result;
  return { ...result, errors: (result.errors ?? []).map(refusal) };
}

function masked(error: unknown, onUnforeseen: (error: unknown) => void): Error {
  const visible = toGraphQLError(error);
  if (visible !== error && visible.extensions['code'] === 'INTERNAL_SERVER_ERROR') onUnforeseen(error);
  return visible;
}
