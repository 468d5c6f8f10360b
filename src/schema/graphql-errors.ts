import { GraphQLError, type GraphQLErrorOptions, type GraphQLResolveInfo, Kind, responsePathAsArray } from 'graphql';
import { GatewayError, TaskError, withoutStackTrace } from '../errors.ts';

/** `extensions.code` of every unexpected error. */
export const INTERNAL_SERVER_ERROR = 'INTERNAL_SERVER_ERROR';

const MASKED_MESSAGE = 'Internal server error';

/**
 * The error that a caller may see, for an error from any place: thrown by a resolver and located by the executor,
 * thrown by a subscription's source, or thrown by the server itself.
 *
 * A `GatewayError` shows its message and extensions. An error of GraphQL itself stays as it is; if it is about the
 * value of a variable, an argument or a directive it gets the code `BAD_USER_INPUT`. Any other error becomes "Internal
 * server error" with the code `INTERNAL_SERVER_ERROR`, at the same path, with the original as its `cause` for the log
 * (`cause` is never serialised). An error that may be shown as it is comes back as the same object.
 */
export function toGraphQLError(error: unknown): GraphQLError {
  const origin = originOf(error);
  const located = error instanceof GraphQLError ? error : undefined;
  if (origin instanceof GatewayError) {
    return located?.extensions['code'] === origin.code
      ? located
      : relocate(located, origin.message, { cause: origin, extensions: origin.extensions });
  }
  if (located !== undefined && (isMasked(located) || (origin instanceof GraphQLError && !isResultError(located)))) {
    return isInputError(located) ? withCode(located, 'BAD_USER_INPUT') : located;
  }
  return relocate(located, MASKED_MESSAGE, { cause: error, extensions: { code: INTERNAL_SERVER_ERROR } });
}

/** The place in a result at which an error is reported. */
export type ErrorLocation = Pick<GraphQLErrorOptions, 'nodes' | 'path'>;

/** The place of a field in the result, or of one item of a field that is a list. */
export function locationOf({ fieldNodes, path }: GraphQLResolveInfo, index?: number): ErrorLocation {
  const keys = responsePathAsArray(path);
  return { nodes: fieldNodes, path: index === undefined ? keys : [...keys, index] };
}

/** Runs `read`; a `GatewayError` of it is thrown with the task's id in its `extensions`, located at `location`. */
export async function withTaskId<T>(id: string, location: ErrorLocation, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof GatewayError ? taskGraphQLError(id, error, location) : error;
  }
}

/**
 * A `GatewayError` about one of several tasks, with the task in `extensions.id`. An error with a location passes
 * through the executor as it is, so one read that fails costs a caller no stack trace.
 */
export function taskGraphQLError(id: string, error: GatewayError, { nodes, path }: ErrorLocation = {}): GraphQLError {
  const cause = taskErrorOf(id, error);
  const { message, extensions } = cause;
  return withoutStackTrace(() => new GraphQLError(message, { nodes, path, cause, extensions }));
}

/** The newest error of a task for each outcome: all callers that read the task get the same object. */
const taskErrors = new WeakMap<GatewayError, TaskError>();

function taskErrorOf(id: string, error: GatewayError): TaskError {
  const known = taskErrors.get(error);
  if (known?.id === id) return known;
  const built = withoutStackTrace(() => new TaskError(id, error));
  taskErrors.set(error, built);
  return built;
}

/** The error that was thrown first, beneath the GraphQL errors wrapped around it. */
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

/** Whether the executor rejects the value of a variable, an argument or a directive: it points at that value. */
function isInputError({ nodes, extensions }: GraphQLError): boolean {
  const kind = nodes?.[0]?.kind;
  return extensions['code'] === undefined && kind !== undefined && kind !== Kind.FIELD;
}

/** Whether a resolver's value does not fit its type: the executor points at the field, with a path but no code. */
function isResultError({ nodes, path, extensions }: GraphQLError): boolean {
  return extensions['code'] === undefined && path !== undefined && nodes?.[0]?.kind === Kind.FIELD;
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
  return withoutStackTrace(() => new GraphQLError(message, { nodes, source, positions, path, cause, extensions }));
}
