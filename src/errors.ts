/**
 * Domain errors. `code` is the contract with callers (it becomes `extensions.code`); messages are for people
 * and never carry a token, an upstream body or an internal detail.
 */
export type ErrorCode =
  | 'BAD_USER_INPUT'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'TASK_NOT_FOUND'
  | 'UPSTREAM_UNAVAILABLE'
  | 'UPSTREAM_RATE_LIMITED'
  | 'UPSTREAM_BAD_RESPONSE'
  | 'TOO_MANY_SUBSCRIPTIONS'
  | 'RATE_LIMITED'
  | 'OPERATION_TOO_COMPLEX'
  | 'DOCUMENT_NOT_TRUSTED'
  | 'OVERLOADED';

/** An error that may be shown to a caller. Every other error is masked as `INTERNAL_SERVER_ERROR`. */
export abstract class GatewayError extends Error {
  abstract readonly code: ErrorCode;
  override get name(): string {
    return this.constructor.name;
  }
  /** The extensions of the GraphQL error: always `code`, sometimes more. */
  get extensions(): Record<string, unknown> {
    return { code: this.code };
  }
}

/** The caller's own mistake: a malformed id, too many ids. */
export class BadUserInput extends GatewayError {
  readonly code = 'BAD_USER_INPUT';
}

/** No credentials, or ones that are refused: by the gateway or, in passthrough, by A2E. */
export class Unauthenticated extends GatewayError {
  readonly code = 'UNAUTHENTICATED';
}

/** Valid credentials that do not cover this task. */
export class Forbidden extends GatewayError {
  readonly code = 'FORBIDDEN';
}

/** A2E knows no such task. Subscriptions only: a query answers null. */
export class TaskNotFound extends GatewayError {
  readonly code = 'TASK_NOT_FOUND';
}

/** The error of one of several tasks: the same error, with the task in `extensions.id`. */
export class TaskError extends GatewayError {
  readonly id: string;
  readonly error: GatewayError;
  constructor(id: string, error: GatewayError) {
    super(error.message, { cause: error });
    this.id = id;
    this.error = error;
  }
  get code(): ErrorCode {
    return this.error.code;
  }
  override get extensions(): Record<string, unknown> {
    return { ...this.error.extensions, id: this.id };
  }
}

/** A limit of the gateway that the caller has run into. */
export class TooManySubscriptions extends GatewayError {
  readonly code = 'TOO_MANY_SUBSCRIPTIONS';
}

/** The caller sends more operations than it may. */
export class RateLimited extends GatewayError {
  readonly code = 'RATE_LIMITED';
}

/** The operation is larger than the configured limits. */
export class OperationTooComplex extends GatewayError {
  readonly code = 'OPERATION_TOO_COMPLEX';
}

/** Only listed documents are executed here, and this is not one of them. */
export class DocumentNotTrusted extends GatewayError {
  readonly code = 'DOCUMENT_NOT_TRUSTED';
}

/** The gateway has as much waiting work as it takes, from this caller or in all. The work is not begun. */
export class Overloaded extends GatewayError {
  readonly code = 'OVERLOADED';
  readonly retryAfterSeconds: number;
  constructor(message: string, retryAfterSeconds: number) {
    super(message);
    this.retryAfterSeconds = retryAfterSeconds;
  }
  override get extensions(): Record<string, unknown> {
    return { code: this.code, retryAfterSeconds: this.retryAfterSeconds };
  }
}

/**
 * Builds an error without a stack trace. Capturing one costs more than the rest of a rejected request, and an error
 * about a caller or a task has its cause in the request, not in the code.
 */
export function withoutStackTrace<T extends Error>(build: () => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return build();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** A call to A2E that brought no usable answer: a missed poll. */
export abstract class UpstreamError extends GatewayError {
  /** Why, for the log: an error code, a status or a fixed word, never a part of a body; null: {@link code} says all. */
  readonly reason: string | null = null;
  /** Further facts for the log: never a part of a body. */
  readonly logFields: Readonly<Record<string, unknown>> = {};
}

/** The details of an {@link UpstreamUnavailable}. */
export interface UnavailableOptions {
  readonly retryAfterMs?: number | null;
  readonly unreachable?: boolean;
  readonly reason?: string;
  readonly cause?: unknown;
}

/** No answer at all, a 5xx, 408, 409, 425 or a time-out. */
export class UpstreamUnavailable extends UpstreamError {
  readonly code = 'UPSTREAM_UNAVAILABLE';
  override readonly reason: string | null;
  /** No connection to A2E came about (refused, DNS, TLS, connect time-out), which is evidence against the origin. */
  readonly unreachable: boolean;
  /** The `Retry-After` of a 503, in ms; null without the header. */
  readonly retryAfterMs: number | null;
  constructor(message: string, options: UnavailableOptions = {}) {
    super(message, { cause: options.cause });
    this.reason = options.reason ?? null;
    this.unreachable = options.unreachable ?? false;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

/** The peer could not prove its identity, or does not speak TLS. Polling goes on as in any outage. */
export class TlsFailure extends UpstreamUnavailable {}

/** The error of every task while A2E refuses the gateway's own token, which no caller can mend. */
export function gatewayTokenRefused(upstreamName = 'A2E'): UpstreamUnavailable {
  return new UpstreamUnavailable(`${upstreamName} refuses the gateway's own token`);
}

/** The error of a task for which A2E sent no response before the caller's time ran out. */
export function noResponseInTime(): UpstreamUnavailable {
  return new UpstreamUnavailable('A2E has not answered in time');
}

/** A 429 from A2E. */
export class UpstreamRateLimited extends UpstreamError {
  readonly code = 'UPSTREAM_RATE_LIMITED';
  /** The `Retry-After` of the 429, in ms; null without the header. */
  readonly retryAfterMs: number | null;
  constructor(message: string, options: { retryAfterMs?: number | null; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
  override get extensions(): Record<string, unknown> {
    return this.retryAfterMs === null
      ? { code: this.code }
      : { code: this.code, retryAfterSeconds: Math.ceil(this.retryAfterMs / 1000) };
  }
}

/** An answer that differs from the documented one: 3xx, other 4xx, HTML, a wrong shape, too large, `code` not 0. */
export class UpstreamBadResponse extends UpstreamError {
  readonly code = 'UPSTREAM_BAD_RESPONSE';
}

/**
 * A2E refused the token it was given (HTTP 401, or 401 as `code` in the envelope). In passthrough it is the caller's own
 * mistake; for the gateway's own token the owner of the call replaces it by {@link gatewayTokenRefused}.
 */
export class TokenRefused extends UpstreamError {
  readonly code = 'UNAUTHENTICATED';
}

/** A2E denied access to one task (HTTP 403, or 403 as `code` in the envelope). The token itself may be good. */
export class AccessDenied extends UpstreamError {
  readonly code = 'FORBIDDEN';
}
