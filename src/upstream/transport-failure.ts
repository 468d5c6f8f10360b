import { TlsFailure, UpstreamUnavailable } from '../errors.ts';

/** The codes of Node's TLS layer, and OpenSSL's words for a certificate that does not verify. */
const TLS_CODE =
  /^(?:ERR_TLS_|ERR_SSL_|EPROTO$|CERT_|CRL_|ERROR_IN_CERT_|ERROR_IN_CRL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_EXCEEDED$|HOSTNAME_MISMATCH$)/;

/** The codes of calls without a connection: refused, no route, DNS, time-outs of TCP. */
const UNREACHABLE =
  /^(?:ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN|ENOTFOUND|EAI_\w+|UND_ERR_CONNECT_TIMEOUT|ETIMEDOUT)$/;

/** Codes of the operating system, undici, Node's HTTP parser and zlib. A wrong argument is none of them. */
const TRANSPORT_CODE = /^(?:E[A-Z]{3,}|EAI_\w+|UND_ERR_(?!INVALID_|NOT_SUPPORTED)\w+|HPE_\w+|Z_\w+)$/;

/** Whether the code tells of a call that failed below HTTP, and of no mistake in the program. */
export function isTransportCode(code: string): boolean {
  return TRANSPORT_CODE.test(code) || TLS_CODE.test(code);
}

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
 * bytes of the response. `name` is the name of the API.
 */
export function transportFailure(code: string, name = 'A2E'): UpstreamUnavailable {
  if (TLS_CODE.test(code))
    return new TlsFailure(`A secure connection to ${name} could not be made`, { unreachable: true, reason: code });
  const message = code === 'TIMEOUT' ? `${name} did not answer in time` : `${name} did not answer`;
  return new UpstreamUnavailable(message, { unreachable: UNREACHABLE.test(code), reason: code });
}
