import type { IncomingMessage } from 'node:http';
import { GraphQLError } from 'graphql';
import { type OperationParams, parseOperationParams } from './operation-params.ts';
import { Pieces } from './pieces.ts';

/** Why a request's parameters cannot be read, as an HTTP status and an error for the caller. */
export interface BadRequest {
  readonly status: 400 | 405 | 413 | 415;
  readonly error: GraphQLError;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The parameters of a GET (query string) or POST (JSON body of at most `maxBytes`). Source: GraphQL over HTTP. */
export async function readParams(
  request: IncomingMessage,
  url: URL,
  maxBytes: number,
): Promise<OperationParams | BadRequest> {
  if (request.method === 'GET') return checked(fromSearch(url.searchParams));
  if (request.method !== 'POST') {
    return {
      status: 405,
      error: new GraphQLError('Only GET and POST are served here'),
      headers: { allow: 'GET, POST' },
    };
  }
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') return { status: 415, error: new GraphQLError('The body must be application/json') };
  const body = await readBody(request, maxBytes);
  if (body === null) return { status: 413, error: bodyTooLong(maxBytes) };
  return checked(fromJson(body));
}

/** What is wrong with a request that is answered 413. */
export function bodyTooLong(maxBytes: number): GraphQLError {
  return new GraphQLError(`The body may have at most ${maxBytes} bytes`);
}

function checked(value: unknown): OperationParams | BadRequest {
  const params = value instanceof GraphQLError ? value : parseOperationParams(value);
  return params instanceof GraphQLError ? { status: 400, error: params } : params;
}

/** The parameters as a GET carries them, not checked yet; or the error for JSON that is none. */
export function fromSearch(search: URLSearchParams): GraphQLError | Readonly<Record<string, unknown>> {
  const query = search.get('query') ?? undefined;
  const variables = fromJson(search.get('variables') || 'null', 'The variables');
  if (variables instanceof GraphQLError) return variables;
  const extensions = fromJson(search.get('extensions') || 'null', 'The extensions');
  if (extensions instanceof GraphQLError) return extensions;
  const documentId = search.get('documentId');
  return { query, documentId, extensions, variables, operationName: search.get('operationName') };
}

function fromJson(text: string, what = 'The body'): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return new GraphQLError(`${what} must be JSON`);
  }
}

/**
 * The body as text; null when it is longer than `maxBytes`: what is left of it is dropped as it comes, so that the next
 * request on the connection can be read. Rejects when the client goes away.
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<string | null> {
  const pieces = new Pieces();
  let length = 0;
  const body: AsyncIterable<Buffer<ArrayBuffer>> = request.iterator({ destroyOnReturn: false });
  for await (const chunk of body) {
    length += chunk.length;
    if (length > maxBytes) break;
    pieces.add(chunk);
  }
  if (length <= maxBytes) return pieces.join().toString('utf8');
  request.resume();
  return null;
}
