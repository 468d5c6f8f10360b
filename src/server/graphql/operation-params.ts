import { GraphQLError, type OperationDefinitionNode } from 'graphql';
import { isJsonObject } from '../../json-object.ts';

/** The document of a request, by text or by hash: at least one of the two is there. */
export interface DocumentReference {
  /** The document itself. */
  readonly query: string | null;
  /** The hash of a listed document: `documentId`, or Apollo's `extensions.persistedQuery.sha256Hash`. */
  readonly hash: string | null;
}

/** One GraphQL request, from any transport. */
export interface OperationParams extends DocumentReference {
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
}

/**
 * Checks the shape of a request's parameters. Returns them, or the error that names the faulty one.
 * Source: GraphQL over HTTP, "Request Parameters".
 */
export function parseOperationParams(value: unknown): OperationParams | GraphQLError {
  if (!isJsonObject(value)) return new GraphQLError('The request must be a JSON object');
  const { operationName = null, variables = null, extensions = null } = value;
  const hash = documentHash(value);
  const query = value['query'] === '' && hash !== null ? null : (value['query'] ?? null);
  if (query === null && hash === null) return new GraphQLError('"query" must be a string');
  if (query !== null && typeof query !== 'string') return new GraphQLError('"query" must be a string');
  if (operationName !== null && typeof operationName !== 'string')
    return new GraphQLError('"operationName" must be a string');
  if (variables !== null && !isJsonObject(variables)) return new GraphQLError('"variables" must be an object');
  if (extensions !== null && !isJsonObject(extensions)) return new GraphQLError('"extensions" must be an object');
  if (variables !== null && isNested(variables)) return new GraphQLError('"variables" is nested too deeply');
  // GraphQL over HTTP: an empty name is the same as none.
  return { query, hash, operationName: operationName || null, variables: variables ?? {} };
}

/** The hash by which a request names its document; null: there is none. */
export function documentHash(value: unknown): string | null {
  if (!isJsonObject(value)) return null;
  const { documentId, extensions } = value;
  if (typeof documentId === 'string') return documentId;
  const persisted = isJsonObject(extensions) ? extensions['persistedQuery'] : null;
  const hash = isJsonObject(persisted) ? persisted['sha256Hash'] : null;
  return typeof hash === 'string' ? hash : null;
}

/** The variables that the operation declares. A request may carry more: they have no meaning and are dropped. */
export function declaredVariables(
  { variableDefinitions = [] }: OperationDefinitionNode,
  variables: OperationParams['variables'],
): OperationParams['variables'] {
  const names = variableDefinitions.map(({ variable }) => variable.name.value);
  return Object.fromEntries(
    names.filter((name) => Object.hasOwn(variables, name)).map((name) => [name, variables[name]]),
  );
}

/** Variables are scalars and lists of scalars; a deeper value is rejected, because every walk over it is recursive. */
const MAX_NESTING = 16;

function isNested(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth >= MAX_NESTING || Object.values(value).some((inner) => isNested(inner, depth + 1));
}
