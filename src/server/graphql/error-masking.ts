import type { GraphQLFormattedError } from 'graphql';
import { INTERNAL_SERVER_ERROR, toGraphQLError } from '../../schema/graphql-errors.ts';

/** What a caller may see of any error; what is masked for the caller is told to `onUnforeseen` in full. */
export function createErrorMasker(onUnforeseen: (error: unknown) => void): (error: unknown) => GraphQLFormattedError {
  return (error) => {
    const visible = toGraphQLError(error);
    if (visible !== error && visible.extensions['code'] === INTERNAL_SERVER_ERROR) onUnforeseen(error);
    return visible.toJSON();
  };
}
