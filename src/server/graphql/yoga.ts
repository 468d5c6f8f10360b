import { type DocumentNode, type ExecutionArgs, execute, GraphQLError, type GraphQLSchema } from 'graphql';
import { createYoga, type GraphQLParams, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import { createContext, type GraphQLContext } from '../../schema/context.ts';
import { toGraphQLError } from '../../schema/graphql-errors.ts';
import type { SubscriptionTimeouts } from '../../task/task-observer.ts';
import type { TaskRegistry } from '../../task/task-registry.ts';
import type { Caller } from '../access/authenticator.ts';
import type { Admission } from '../limits/admission.ts';
import type { CacheDependencies } from './cache-dependencies.ts';
import type { DocumentStore } from './document-store.ts';
import type { OperationParams } from './operation-params.ts';
import { rejectSubscriptions } from './reject-subscriptions.ts';
import { parseBody, parseSearchParams } from './request-params.ts';
import { createTaskFeed } from './task-feed.ts';

/** What the HTTP server hands to Yoga beside the request. */
export interface YogaContext extends Record<string, unknown> {
  readonly caller: Caller;
  /** Notes what the operation reads. */
  readonly dependencies?: CacheDependencies;
  /** Aborts when the client has gone. */
  readonly signal?: AbortSignal;
}

export interface YogaOptions {
  readonly schema: GraphQLSchema;
  readonly documents: DocumentStore;
  readonly registry: TaskRegistry;
  readonly timeouts: SubscriptionTimeouts;
  readonly maxIds: number;
  readonly admission: Admission;
  readonly onUnexpectedError: (error: unknown) => void;
}

/** GraphQL over HTTP: queries by POST and GET. What streams, pages, CORS and access are served in front of it. */
export function createYogaHandler(options: YogaOptions): YogaServerInstance<YogaContext, GraphQLContext> {
  const { schema, documents, registry, timeouts, maxIds, admission, onUnexpectedError } = options;
  return createYoga<YogaContext, GraphQLContext>({
    schema,
    context: ({ caller, dependencies, signal }) =>
      createContext({ feed: createTaskFeed(caller, registry, timeouts, { dependencies, signal, admission }), maxIds }),
    plugins: [rejectSubscriptions, useDocuments(documents)],
    maskedErrors: { maskError: (error) => masked(error, onUnexpectedError) },
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
function useDocuments(documents: DocumentStore): Plugin {
  const { hideSuggestions } = documents;
  const errorsOf = new WeakMap<DocumentNode, readonly GraphQLError[]>();
  return {
    onRequestParse({ setRequestParser }) {
      setRequestParser(async (request) => ({ ...(await readRequest(request)) }) as GraphQLParams);
    },
    onParams({ params, setParams }) {
      const query = documents.resolveText(params as unknown as OperationParams);
      if (query instanceof GraphQLError) throw withHttp400(query);
      setParams({ ...params, query });
    },
    onParse({ params, setParsedDocument, setParseFn }) {
      const { document, errors } = documents.prepare(String(params.source));
      if (document) {
        errorsOf.set(document, errors);
        setParsedDocument(document);
      } else {
        setParseFn(() => {
          throw withHttp400(errors[0] as GraphQLError);
        });
      }
    },
    onValidate({ params, setResult }) {
      setResult((errorsOf.get(params.documentAST as DocumentNode) ?? []).map(withHttp400));
    },
    onExecute({ args, setExecuteFn, setResultAndStopExecution }) {
      const { document, operationName = null, variableValues = {} } = args;
      const excess = documents.checkVariables(document, operationName, variableValues);
      if (excess) setResultAndStopExecution({ errors: [withHttp400(excess)] });
      else setExecuteFn((given: ExecutionArgs) => markErrorsHttp400(execute({ ...given, hideSuggestions })));
    },
  };
}

/** Reads the parameters as every other transport does: Yoga's own parsers echo a body that is no JSON. */
async function readRequest(request: Request): Promise<OperationParams> {
  const params =
    request.method === 'GET' ? parseSearchParams(new URL(request.url).searchParams) : parseBody(await request.text());
  if (params instanceof GraphQLError) throw new GraphQLError(params.message, { extensions: { http: { status: 400 } } });
  return params;
}

/**
 * What was refused before it was executed has no data, and its answer no status 200 where the media type says what a
 * status means. Source: GraphQL over HTTP, "application/graphql-response+json". A new error: Yoga writes into it, and
 * the one it is made of may be shown to others, over other transports.
 */
function withHttp400({ message, nodes, source, positions, path, extensions }: GraphQLError): GraphQLError {
  const http = { spec: true, status: 400 };
  return new GraphQLError(message, { nodes, source, positions, path, extensions: { http, ...extensions } });
}

function markErrorsHttp400(result: ReturnType<typeof execute>): ReturnType<typeof execute> {
  if (result instanceof Promise || 'data' in result) return result;
  return { ...result, errors: (result.errors ?? []).map(withHttp400) };
}

function masked(error: unknown, onUnforeseen: (error: unknown) => void): Error {
  const visible = toGraphQLError(error);
  if (visible !== error && visible.extensions['code'] === 'INTERNAL_SERVER_ERROR') onUnforeseen(error);
  return visible;
}
