import {
  AccessDenied,
  Forbidden,
  TokenRefused,
  Unauthenticated,
  UpstreamBadResponse,
  UpstreamError,
} from '../errors.ts';
import { failureCode, isTransportCode, transportFailure } from './transport-failure.ts';

/** A failed call of a source. */
export interface SourceFailure {
  readonly error: UpstreamError;
  /** A code that is safe in logs: of the error, or of the failure below HTTP. */
  readonly reason: string;
}

/** `fetch` has the cause of its `TypeError` one level below; a library around `fetch` adds a level. */
const MAX_CAUSES = 3;

/**
 * The meaning of an error that a source threw, so that an adapter may let the errors of `fetch` and of `response.json()`
 * pass; null: the error is unexpected. A translated error has no `cause`, because V8's `SyntaxError` quotes the body, and
 * undici's errors can hold bytes of it.
 */
export function sourceFailure(error: unknown, name: string): SourceFailure | null {
  if (error instanceof UpstreamError) return { error, reason: error.code };
  if (error instanceof Forbidden) return failure(new AccessDenied(error.message));
  if (error instanceof Unauthenticated) return failure(new TokenRefused(error.message));
  if (error instanceof SyntaxError)
    return failure(new UpstreamBadResponse(`${name} answered with a body that is no JSON`));
  const code = transportCode(error);
  return code === null ? null : { error: transportFailure(code, name), reason: code };
}

/** The failure of a call that has reached its deadline, or that the gateway has cut. */
export function endedCall(reason: 'TIMEOUT' | 'ABORTED', name: string): SourceFailure {
  return { error: transportFailure(reason, name), reason };
}

function failure(error: UpstreamError): SourceFailure {
  return { error, reason: error.code };
}

function transportCode(error: unknown): string | null {
  let inner = error;
  for (let level = 0; level < MAX_CAUSES && inner instanceof Error; level += 1) {
    if (inner.name === 'TimeoutError') return 'TIMEOUT';
    if (inner.name === 'AbortError') return 'ABORTED';
    const code = failureCode(inner);
    if (isTransportCode(code)) return code;
    inner = inner.cause;
  }
  return null;
}
