import type { GraphQLFormattedError } from 'graphql';
import { GatewayError } from '../../errors.ts';
import { getOrInsert } from '../../get-or-insert.ts';
import type { LogSubject } from '../../observability/log-ids.ts';
import type { UnexpectedErrorHandler } from '../../observability/unexpected-errors.ts';
import { INTERNAL_SERVER_ERROR, toGraphQLError } from '../../schema/graphql-errors.ts';

/** @param subject the request or the connection that hit the error; null: an execution that several of them share. */
export type ErrorMasker = (error: unknown, subject: LogSubject | null) => GraphQLFormattedError;

/**
 * The one place where errors are masked: returns a function that formats an error as a caller may see it. The original
 * of a masked error goes to `onUnexpectedError`, for the log.
 */
export function createErrorMasker(onUnexpectedError: UnexpectedErrorHandler): ErrorMasker {
  /** Errors that refuse many requests, such as `OVERLOADED`, are made once; a flood formats each once. */
  const formatted = new WeakMap<GatewayError, GraphQLFormattedError>();
  const mask: ErrorMasker = (error, subject) => {
    const visible = toGraphQLError(error);
    if (visible !== error && visible.extensions['code'] === INTERNAL_SERVER_ERROR)
      onUnexpectedError(error, subject ?? undefined);
    return visible.toJSON();
  };
  return (error, subject) =>
    error instanceof GatewayError ? getOrInsert(formatted, error, () => mask(error, null)) : mask(error, subject);
}
