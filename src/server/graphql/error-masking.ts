import type { GraphQLFormattedError } from 'graphql';
import { GatewayError } from '../../errors.ts';
import { getOrInsert } from '../../get-or-insert.ts';
import { INTERNAL_SERVER_ERROR, toGraphQLError } from '../../schema/graphql-errors.ts';

/**
 * The one place where errors are masked: returns a function that formats an error as a caller may see it. The original
 * of a masked error goes to `onUnexpectedError`, for the log.
 */
export function createErrorMasker(
  onUnexpectedError: (error: unknown) => void,
): (error: unknown) => GraphQLFormattedError {
  /** Errors that refuse many requests, such as `OVERLOADED`, are made once; a flood formats each once. */
  const formatted = new WeakMap<GatewayError, GraphQLFormattedError>();
  const mask = (error: unknown): GraphQLFormattedError => {
    const visible = toGraphQLError(error);
    if (visible !== error && visible.extensions['code'] === INTERNAL_SERVER_ERROR) onUnexpectedError(error);
    return visible.toJSON();
  };
  return (error) => (error instanceof GatewayError ? getOrInsert(formatted, error, () => mask(error)) : mask(error));
}
