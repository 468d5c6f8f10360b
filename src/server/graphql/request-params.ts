import type { IncomingMessage } from 'node:http';
import { GraphQLError } from 'graphql';
import { bodyTooLargeError, readBody } from '../http/request-body.ts';
import { type OperationParams, parseOperationParams } from './operation-params.ts';

/** The parameters of a request, and the bytes of its body; null: a GET. */
export interface ParsedRequest {
  readonly params: OperationParams;
  readonly body: Buffer<ArrayBuffer> | null;
}

/** The HTTP status and the error of a request with parameters that cannot be read. */
export interface BadRequest {
  readonly status: 400 | 413;
  readonly error: GraphQLError;
}

/** The parameters of a GET (query string) or POST (JSON body of at most `maxBytes`). Source: GraphQL over HTTP. */
export async function parseRequest(
  request: IncomingMessage,
  url: URL,
  maxBytes: number,
): Promise<ParsedRequest | BadRequest> {
  const body = request.method === 'POST' ? await readBody(request, maxBytes) : null;
  if (request.method === 'POST' && body === null) return { status: 413, error: bodyTooLargeError(maxBytes) };
  const params = body === null ? parseSearchParams(url.searchParams) : parseBody(body.toString('utf8'));
  return params instanceof GraphQLError ? { status: 400, error: params } : { params, body };
}

/** The parameters of a GET, or the error that names the faulty one. An empty parameter counts as none. */
export function parseSearchParams(search: URLSearchParams): OperationParams | GraphQLError {
  const variables = parseJson(search.get('variables') || 'null', 'The variables');
  if (variables instanceof GraphQLError) return variables;
  const extensions = parseJson(search.get('extensions') || 'null', 'The extensions');
  if (extensions instanceof GraphQLError) return extensions;
  const [query, documentId, operationName] = ['query', 'documentId', 'operationName'].map((name) => search.get(name));
  return parseOperationParams({ query, documentId, extensions, variables, operationName });
}

/** The parameters in the body of a POST, or the error that names the faulty one. */
export function parseBody(text: string): OperationParams | GraphQLError {
  const value = parseJson(text, 'The body');
  return value instanceof GraphQLError ? value : parseOperationParams(value);
}

function parseJson(text: string, subject: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return new GraphQLError(`${subject} must be JSON`);
  }
}
