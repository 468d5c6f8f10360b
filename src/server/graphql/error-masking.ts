import type { GraphQLFormattedError } from 'graphql';
import { INTERNAL_SERVER_ERROR, toGraphQLError } from '../../schema/graphql-errors.ts';

/**
 * The one place where errors are masked: returns a function that formats an error as a caller may see it. The original
 * of a masked error goes to `onUnexpectedError`, for the log.
 */
export function createErrorMasker(
  onUnexpectedError: (error: unknown) => void,
): (error: unknown) => GraphQLFormattedError {
  return (error) => {
    const visible = toGraphQLError(error);
    if (visible !== error && visible.extensions['code'] === INTERNAL_SERVER_ERROR) onUnexpectedError(error);
    return visible.toJSON();
  };
}
