import { GraphQLError } from 'graphql';

/** One GraphQL request as any transport brings it. */
export interface OperationParams {
  readonly query: string;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
}

/**
 * Checks the shape of a request's parameters: answers them, or the error that says which is wrong.
 * Source: GraphQL over HTTP, "Request Parameters".
 */
export function parseOperationParams(value: unknown): OperationParams | GraphQLError {
  if (!isRecord(value)) return new GraphQLError('The request must be a JSON object');
  const { query, operationName = null, variables = null } = value;
  if (typeof query !== 'string') return new GraphQLError('"query" must be a string');
  if (operationName !== null && typeof operationName !== 'string')
    return new GraphQLError('"operationName" must be a string');
  if (variables !== null && !isRecord(variables)) return new GraphQLError('"variables" must be an object');
  return { query, operationName, variables: variables ?? {} };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
