import type { IncomingMessage } from 'node:http';
import { type FormattedExecutionResult, GraphQLError, type GraphQLFormattedError } from 'graphql';
import { createYoga, type GraphQLParams, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import { withoutStackTrace } from '../../errors.ts';
import { INTERNAL_SERVER_ERROR } from '../../schema/graphql-errors.ts';
import type { Client } from '../access/client.ts';
import type { CacheDependencies } from './cache-dependencies.ts';
import type { ErrorMasker } from './error-masking.ts';
import type { OperationExecutor } from './operation-executor.ts';
import type { OperationParams } from './operation-params.ts';
import { parseBody, parseSearchParams } from './request-params.ts';

/** The context of one request that the query handler passes to Yoga. */
export interface YogaContext extends Record<string, unknown> {
  readonly client: Client;
  /** Records the states that the operation reads. */
  readonly dependencies: CacheDependencies;
  readonly incoming: IncomingMessage;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
}

export type YogaHandler = YogaServerInstance<YogaContext, Record<string, unknown>>;

export interface YogaOptions {
  readonly executor: OperationExecutor;
  /** The error that a caller may see; logs the original of a masked one. */
  readonly maskError: ErrorMasker;
}

/** `extensions.http` of a result or an error: Yoga takes the status of the response from it, and removes it. */
interface HttpExtension {
  readonly status: number;
  /** The status applies to `application/graphql-response+json` only; `application/json` keeps 200. */
  readonly spec?: true;
  readonly headers?: Readonly<Record<string, string>>;
}

type YogaResult = Parameters<Parameters<NonNullable<Plugin['onParams']>>[0]['setResult']>[0];

/**
 * GraphQL over HTTP for queries by POST and GET. Yoga reads the parameters, negotiates the media type and writes the
 * response; the operation takes the same path as on every other transport.
 */
export function createYogaHandler({ executor, maskError }: YogaOptions): YogaHandler {
  /** The requests of unexpected errors, for the log: Yoga masks an error without its request. */
  const requests = new WeakMap<Error, IncomingMessage>();
  return createYoga<YogaContext, Record<string, unknown>>({
    plugins: [useExecutor({ executor, maskError }, requests)],
    maskedErrors: {
      maskError: (error) => {
        const { message, extensions } = maskError(error, (error instanceof Error && requests.get(error)) || null);
        return new GraphQLError(message, { extensions });
      },
    },
    parserAndValidationCache: false,
    batching: false,
    multipart: false,
    cors: false,
    graphiql: false,
    landingPage: false,
    logging: false,
  });
}

function useExecutor(options: YogaOptions, requests: WeakMap<Error, IncomingMessage>): Plugin<YogaContext> {
  /** The parameters behind the stand-ins that Yoga passes on. */
  const paramsOf = new WeakMap<GraphQLParams, OperationParams | GraphQLError>();
  return {
    onRequestParse({ setRequestParser }) {
      setRequestParser(async (request) => {
        // Yoga checks that there is a text, also where the client names a document by its hash.
        const standIn: GraphQLParams = { query: '' };
        paramsOf.set(standIn, await readRequest(request));
        return standIn;
      });
    },
    async onParams({ params, request, context, setResult }) {
      const read = paramsOf.get(params) as OperationParams | GraphQLError;
      const yogaContext = context as YogaContext;
      try {
        setResult(await resultOf(options, read, request.method, yogaContext));
      } catch (error) {
        if (error instanceof Error) requests.set(error, yogaContext.incoming);
        throw error;
      }
    },
  };
}

/** The result of a request. Rejects only on an unexpected error. */
async function resultOf(
  { executor, maskError }: YogaOptions,
  params: OperationParams | GraphQLError,
  method: string,
  { client, dependencies, signal, incoming }: YogaContext,
): Promise<YogaResult> {
  const reject = (errors: readonly GraphQLError[], visible: readonly GraphQLError[]): YogaResult => {
    executor.onRejected(errors, client);
    return { errors: visible } as YogaResult;
  };
  if (params instanceof GraphQLError) return reject([params], [malformed(params)]);
  const prepared = await executor.prepare(params, client);
  if (prepared.kind === 'rejected') {
    const { errors, hasMutation } = prepared;
    if (hasMutation === true && method === 'GET') return reject(errors, [MUTATION_BY_GET]);
    return reject(
      errors,
      errors.map((error) => withHttpStatus(error, maskError(error, incoming))),
    );
  }
  const { operation } = prepared;
  if (operation.kind === 'subscription') return reject([SUBSCRIPTION_WITHOUT_STREAM], [SUBSCRIPTION_WITHOUT_STREAM]);
  return withoutDataStatus(await executor.execute(operation, { dependencies, signal, subject: incoming }));
}

/** Reads the parameters as every other transport does: Yoga's own parsers echo a body that is no JSON. */
async function readRequest(request: Request): Promise<OperationParams | GraphQLError> {
  return request.method === 'GET'
    ? parseSearchParams(new URL(request.url).searchParams)
    : parseBody(await request.text());
}

/** The error of parameters that cannot be read, in any media type. */
function malformed({ message }: GraphQLError): GraphQLError {
  return new GraphQLError(message, { extensions: { http: { status: 400 } } });
}

/** Source: GraphQL over HTTP, "GET": a mutation by GET is answered with 405, also where the schema has no mutations. */
const MUTATION_BY_GET = new GraphQLError('Can only perform a mutation operation from a POST request.', {
  extensions: { code: 'BAD_REQUEST', http: { status: 405, headers: { allow: 'POST' } } },
});

/** A subscription in one HTTP response would stream past the limits of streams. */
const SUBSCRIPTION_WITHOUT_STREAM = new GraphQLError(
  'A subscription is answered as a stream: send "Accept: text/event-stream", or use the WebSocket at this address',
  { extensions: { http: { status: 406 } } },
);

/**
 * The error that a caller may see of one that rejects an operation, with the status of the response. Source: GraphQL over
 * HTTP, "application/graphql-response+json". A copy, because Yoga writes into errors and other transports share this one.
 */
function withHttpStatus(
  { source, positions }: GraphQLError,
  { message, extensions = {} }: GraphQLFormattedError,
): GraphQLError {
  const http = httpExtension(extensions);
  return withoutStackTrace(() => new GraphQLError(message, { source, positions, extensions: { http, ...extensions } }));
}

function httpExtension({ code, retryAfterSeconds }: Readonly<Record<string, unknown>>): HttpExtension {
  if (code === 'OPERATION_RESOLUTION_FAILURE') return { status: 400 };
  if (code === 'OVERLOADED') return { status: 503, headers: { 'retry-after': `${retryAfterSeconds}` } };
  if (code === INTERNAL_SERVER_ERROR) return { status: 500 };
  return { spec: true, status: 400 };
}

/** A result without `data` was rejected by the executor before any field ran: its status is that of a rejection. */
function withoutDataStatus(result: FormattedExecutionResult): YogaResult {
  if ('data' in result) return result as YogaResult;
  const errors = (result.errors ?? []).map(
    ({ message, path, extensions = {} }) =>
      new GraphQLError(message, { path, extensions: { http: httpExtension(extensions), ...extensions } }),
  );
  return { errors } as YogaResult;
}
