import type { IncomingMessage, ServerResponse } from 'node:http';
import { GatewayError, Overloaded, RateLimited, Unauthenticated } from '../../errors.ts';
import type { RequestTracer } from '../../observability/tracing/request-tracer.ts';
import { toGraphQLError } from '../../schema/graphql-errors.ts';
import type { Authenticator, Caller } from '../access/authenticator.ts';
import { clientOf } from '../access/client.ts';
import type { AccessLog } from '../access-log/access-log.ts';
import type { LazyPage } from '../graphiql/graphiql-page.ts';
import type { ErrorMasker } from '../graphql/error-masking.ts';
import type { QueryHandler } from '../graphql/query-handler.ts';
import { prefersHtml } from '../http/accept.ts';
import type { AdmitRequest } from '../http/admit-request.ts';
import type { ClientIpResolver } from '../http/client-address.ts';
import { isForgeable } from '../http/forgeable.ts';
import type { OriginPolicy } from '../http/origin-policy.ts';
import { reply, replyErrors } from '../http/reply.ts';
import { type Admission, OVERLOADED } from '../limits/admission.ts';
import type { ConnectionLimiter } from '../limits/connection-limiter.ts';
import type { OperationRateLimiter } from '../limits/operation-rate-limiter.ts';
import { Pipeline } from '../limits/pipeline.ts';
import type { Refusals } from '../limits/refusals.ts';
import { negotiateStream } from '../stream/negotiate.ts';
import {
  SINGLE_CONNECTION_ERROR,
  SINGLE_CONNECTION_REASON,
  singleConnectionStatus,
} from '../stream/single-connection.ts';
import type { StreamEndpoint } from '../stream/stream-endpoint.ts';

export interface GraphqlEndpointOptions {
  readonly authenticator: Authenticator;
  readonly accessLog: AccessLog;
  readonly origins: OriginPolicy;
  readonly connections: ConnectionLimiter;
  readonly clientIp: ClientIpResolver;
  readonly rate: OperationRateLimiter;
  readonly admission: Admission;
  readonly admit: AdmitRequest;
  readonly streams: StreamEndpoint;
  readonly queries: QueryHandler;
  /** null: GraphiQL is switched off. */
  readonly graphiql: LazyPage | null;
  readonly maskError: ErrorMasker;
  readonly refusals: Refusals;
  readonly tracer: RequestTracer;
}

const ORIGIN_NOT_ALLOWED = { message: 'This origin is not listed in CORS_ORIGINS', extensions: { code: 'FORBIDDEN' } };

const ALLOW = { allow: 'GET, POST' };

const FORGEABLE = {
  message: 'A page of any site could send this GET: name a media type in Accept, such as application/json',
  extensions: { code: 'FORBIDDEN' },
};

/** The refusal of a request of a connection that floods, ready to be sent. */
const FLOOD_BODY = JSON.stringify({ errors: [toGraphQLError(OVERLOADED)] });
const FLOOD_HEADERS = {
  'content-type': 'application/json; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'retry-after': `${OVERLOADED.retryAfterSeconds}`,
  'content-length': Buffer.byteLength(FLOOD_BODY),
};

/** `/graphql` over HTTP: checks origin, method, credentials and rate, then serves GraphiQL, a stream or a query. */
export class GraphqlEndpoint {
  readonly #options: GraphqlEndpointOptions;
  readonly #pipeline = new Pipeline();

  constructor(options: GraphqlEndpointOptions) {
    this.#options = options;
  }

  /**
   * Refuses a request of a connection that floods, before the gateway looks at more than its address: a read of 64 KiB
   * brings hundreds of them in one turn of the event loop. Returns false when the request may be served.
   */
  refuseFlood(request: IncomingMessage, response: ServerResponse): boolean {
    if (!this.#pipeline.delaysRefusals(request.socket) || !request.url?.startsWith('/graphql')) return false;
    const { origins, refusals } = this.#options;
    if (origins.isPreflight(request)) return false;
    refusals.add('overloaded');
    request.resume();
    response.writeHead(503, { ...FLOOD_HEADERS, ...origins.headers(request) });
    response.end(FLOOD_BODY);
    return true;
  }

  async serve(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const { origins, graphiql, maskError, clientIp, admit } = this.#options;
    const page = wantsPage(request) ? graphiql : null;
    if (!origins.allows(request) && !(page && origins.isNavigation(request))) {
      return replyErrors(response, 403, [ORIGIN_NOT_ALLOWED]);
    }
    if (!page && isForgeable(request)) return replyErrors(response, 403, [FORGEABLE]);
    if (request.method === 'GET') response.appendHeader('vary', 'accept, authorization');
    if (request.method === 'OPTIONS') return reply(response, 204, { allow: 'GET, POST, OPTIONS' });
    const singleConnection = singleConnectionStatus(request, url);
    if (singleConnection) return refuseSingleConnection(response, singleConnection);
    if (request.method !== 'GET' && request.method !== 'POST')
      return replyErrors(response, 405, [{ message: 'Only GET and POST are served here' }], ALLOW);
    if (request.method === 'POST' && !isJson(request)) {
      return replyErrors(response, 415, [{ message: 'The body must be application/json, and not compressed' }]);
    }
    if (page) {
      const { headers, html } = await page();
      return reply(response, 200, headers, html);
    }
    // The default; the query handler replaces it for a cacheable response.
    if (request.method === 'GET') response.setHeader('cache-control', 'no-store');
    const leave = admit(request);
    if (leave instanceof Overloaded) {
      // The body is dropped, so that the next request on the connection can be read.
      request.resume();
      await this.#pipeline.delayRefusal(request.socket);
      return rejectRequest(response, leave, maskError);
    }
    try {
      await this.#pipeline.run(request.socket, async () => {
        // The client may have gone while the request waited.
        if (!response.destroyed) await this.#execute(request, response, { url, address: clientIp(request) });
      });
    } finally {
      leave();
    }
  }

  /** Serves an admitted request. Resolves when it is answered, or when its stream has begun. */
  async #execute(
    request: IncomingMessage,
    response: ServerResponse,
    { url, address }: { readonly url: URL; readonly address: string },
  ): Promise<void> {
    const { authenticator, streams, queries, maskError, connections, rate, admission, refusals, tracer } =
      this.#options;
    let caller: Caller;
    try {
      caller = { ...(await authenticator.authenticate(request.headers.authorization)), address };
    } catch (error) {
      if (error instanceof Unauthenticated) refusals.add('unauthenticated');
      if (error instanceof GatewayError) return rejectRequest(response, error, maskError);
      throw error;
    }
    const refusal = rate.take(caller, address) ?? admission.refusalOf(caller);
    if (refusal) return rejectRequest(response, refusal, maskError);
    this.#options.accessLog.operation(response);
    const negotiated = negotiateStream(request);
    const parent = tracer.parentOf(request.headers);
    const transport = negotiated?.format.name ?? 'http';
    const client = clientOf(caller, address, tracer.begin(transport, request.method ?? '', parent));
    if (!negotiated) return void (await queries.serve(request, response, url, client));
    await streams.serve(request, response, { url, client, negotiated, acquire: () => connections.tryAcquire(address) });
  }
}

function refuseSingleConnection(response: ServerResponse, status: 400 | 405): void {
  response.statusMessage = SINGLE_CONNECTION_REASON;
  replyErrors(response, status, [SINGLE_CONNECTION_ERROR], status === 405 ? ALLOW : {});
}

/** Rejects a request before it runs, with the HTTP status of the error. */
function rejectRequest(response: ServerResponse, error: GatewayError, maskError: ErrorMasker): void {
  const errors = [maskError(error, response.req)];
  if (error instanceof Unauthenticated) replyErrors(response, 401, errors, { 'www-authenticate': 'Bearer' });
  else {
    const seconds = error instanceof Overloaded ? error.retryAfterSeconds : 1;
    replyErrors(response, error instanceof RateLimited ? 429 : 503, errors, { 'retry-after': `${seconds}` });
  }
}

/** A page of any origin may send every other content type without a preflight request, as a form does. */
function isJson({ headers }: IncomingMessage): boolean {
  const { 'content-type': type, 'content-encoding': encoding = 'identity' } = headers;
  if (encoding !== 'identity') return false;
  return type === 'application/json' || type?.split(';')[0]?.trim().toLowerCase() === 'application/json';
}

function wantsPage({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && prefersHtml(headers.accept ?? '');
}
