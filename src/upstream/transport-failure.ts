import { TlsFailure, UpstreamUnavailable } from '../errors.ts';

/** The codes of Node's TLS layer, and OpenSSL's words for a certificate that does not verify. */
const TLS_CODE =
  /^(?:ERR_TLS_|ERR_SSL_|EPROTO$|CERT_|CRL_|ERROR_IN_CERT_|ERROR_IN_CRL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_EXCEEDED$|HOSTNAME_MISMATCH$)/;

/** The codes of calls without a connection: refused, no route, DNS, time-outs of TCP. */
const UNREACHABLE =
  /^(?:ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN|ENOTFOUND|EAI_\w+|UND_ERR_CONNECT_TIMEOUT|ETIMEDOUT)$/;

/**
 * The error code of a call that failed below HTTP: a constant of Node, OpenSSL or undici, so safe to log. The client's
 * own deadline has the code `TIMEOUT`.
 */
export function failureCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^\w+$/.test(code) ? code : 'UNKNOWN';
}

/**
 * The typed error of a call that failed below HTTP with `code`. It has no `cause`, because undici's errors can hold
 * bytes of the response.
 */
export function transportFailure(code: string): UpstreamUnavailable {
  if (TLS_CODE.test(code))
    return new TlsFailure('A secure connection to A2E could not be made', { unreachable: true, reason: code });
  const message = code === 'TIMEOUT' ? 'A2E did not answer in time' : 'A2E did not answer';
  return new UpstreamUnavailable(message, { unreachable: UNREACHABLE.test(code), reason: code });
}
