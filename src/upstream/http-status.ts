import type { IncomingHttpHeaders } from 'undici/types/header.js';
import {
  AccessDenied,
  TokenRefused,
  type UpstreamError,
  UpstreamRateLimited,
  UpstreamUnavailable,
  withoutStackTrace,
} from '../errors.ts';
import { ContractViolation } from './contract-violation.ts';
import { parseRetryAfter } from './retry-after.ts';

/** The error of an HTTP status; null for 2xx and 404, which are no errors yet. */
export function statusFailure(status: number, headers: IncomingHttpHeaders): UpstreamError | null {
  if ((status >= 200 && status < 300) || status === 404) return null;
  return withoutStackTrace(() => errorOf(status, headers));
}

function errorOf(status: number, headers: IncomingHttpHeaders): UpstreamError {
  if (status === 401) return new TokenRefused('A2E refused the token');
  if (status === 403) return new AccessDenied('A2E denies access to this task');
  if (status === 429) {
    return new UpstreamRateLimited('A2E asks for fewer calls', {
      retryAfterMs: parseRetryAfter(headers['retry-after'], headers['date']),
    });
  }
  if (status === 503) {
    const retryAfterMs = parseRetryAfter(headers['retry-after'], headers['date']);
    return new UpstreamUnavailable('A2E is unavailable', { retryAfterMs, reason: 'HTTP 503' });
  }
  if (status >= 500 || status === 408 || status === 409 || status === 425) {
    return new UpstreamUnavailable('A2E is unavailable', { reason: `HTTP ${status}` });
  }
  const reason = status >= 300 && status < 400 ? 'redirect' : 'http-status';
  return new ContractViolation(reason, `A2E answered with HTTP status ${status}`);
}
