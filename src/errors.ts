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

/** Anything that may be shown to a caller. Whatever is not one of these is masked as `INTERNAL_SERVER_ERROR`. */
export abstract class GatewayError extends Error {
  abstract readonly code: ErrorCode;
  override get name(): string {
    return this.constructor.name;
  }
  /** What the GraphQL error carries beside its message: always `code`, sometimes more. */
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

/** What one of several tasks has ended with: the same error, and which task in `extensions.id`. */
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

/** The gateway has as much waiting work as it takes, from this caller or in all. A2E was asked nothing. */
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

/** A call to A2E that brought no usable answer: a missed poll. */
export abstract class UpstreamError extends GatewayError {}

/** No answer at all, a 5xx, 408, 409, 425 or a time-out. */
export class UpstreamUnavailable extends UpstreamError {
  readonly code = 'UPSTREAM_UNAVAILABLE';
  /** How long upstream asked to be left alone (`Retry-After` on a 503), in ms; null when it did not say. */
  readonly retryAfterMs: number | null;
  constructor(message: string, options: { retryAfterMs?: number | null; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

/** A 429 from A2E. */
export class UpstreamRateLimited extends UpstreamError {
  readonly code = 'UPSTREAM_RATE_LIMITED';
  /** How long upstream asked to be left alone, in ms; null when it did not say. */
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

/** An answer that is not what the API documents: 3xx, other 4xx, HTML, a wrong shape, too large, `code` not 0. */
export class UpstreamBadResponse extends UpstreamError {
  readonly code = 'UPSTREAM_BAD_RESPONSE';
}

/**
 * A2E refused the token it was given (401, 403, or those numbers as `code` in the envelope). In passthrough it is
 * the caller's own mistake; for the gateway's own token the owner of the call turns it into {@link UpstreamUnavailable}.
 */
export class TokenRefused extends UpstreamError {
  readonly code = 'UNAUTHENTICATED';
}
