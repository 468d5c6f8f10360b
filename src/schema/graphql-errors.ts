import { GraphQLError, Kind } from 'graphql';
import { GatewayError, TaskError } from '../errors.ts';

/** `extensions.code` of everything unforeseen. */
export const INTERNAL_SERVER_ERROR = 'INTERNAL_SERVER_ERROR';

const MASKED_MESSAGE = 'Internal server error';

/**
 * What a caller may see of an error, whichever way it came: thrown by a resolver and located by the executor, by a
 * subscription's source, or by the server itself.
 *
 * A `GatewayError` shows its message and extensions; GraphQL's own errors stay as they are, but that a variable of the
 * wrong shape is `BAD_USER_INPUT`; anything else becomes "Internal server error" with the code `INTERNAL_SERVER_ERROR`, at the same path, with
 * the original as its `cause` for the log (`cause` is never serialised). An error that may be shown as it is comes
 * back as the same object.
 */
export function toGraphQLError(error: unknown): GraphQLError {
  const origin = originOf(error);
  const located = error instanceof GraphQLError ? error : undefined;
  if (origin instanceof GatewayError) {
    return located?.extensions['code'] === origin.code
      ? located
      : relocate(located, origin.message, { cause: origin, extensions: origin.extensions });
  }
  if (located !== undefined && (origin instanceof GraphQLError || isMasked(located))) {
    return isCoercionError(located) ? withCode(located, 'BAD_USER_INPUT') : located;
  }
  return relocate(located, MASKED_MESSAGE, { cause: error, extensions: { code: INTERNAL_SERVER_ERROR } });
}

/** Runs `read` and adds the task's id to the `extensions` of a `GatewayError` it ends with. */
export async function withTaskId<T>(id: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof GatewayError ? taskGraphQLError(id, error) : error;
  }
}

/** A `GatewayError` about one of several tasks: `extensions.id` tells which. */
export function taskGraphQLError(id: string, error: GatewayError): GraphQLError {
  return toGraphQLError(new TaskError(id, error));
}

/** What was thrown in the first place, beneath the GraphQL errors wrapped around it. */
function originOf(error: unknown): unknown {
  let origin = error;
  while (origin instanceof GraphQLError && origin.cause !== undefined) {
    origin = origin.cause;
  }
  return origin;
}

/** The same error with an `extensions.code`, unless it has one. */
export function withCode(error: GraphQLError, code: string): GraphQLError {
  if (error.extensions['code'] !== undefined) return error;
  return relocate(error, error.message, { cause: error.cause, extensions: { ...error.extensions, code } });
}

/** A variable's value does not fit its type: GraphQL points at the variable's definition. */
function isCoercionError({ nodes, extensions }: GraphQLError): boolean {
  return extensions['code'] === undefined && nodes?.[0]?.kind === Kind.VARIABLE_DEFINITION;
}

function isMasked({ message, extensions }: GraphQLError): boolean {
  return message === MASKED_MESSAGE && extensions['code'] === INTERNAL_SERVER_ERROR;
}

function relocate(
  located: GraphQLError | undefined,
  message: string,
  { cause, extensions }: { cause: unknown; extensions: Record<string, unknown> },
): GraphQLError {
  const { nodes, source, positions, path } = located ?? {};
  return new GraphQLError(message, { nodes, source, positions, path, cause, extensions });
}
