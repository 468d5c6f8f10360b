/** The reason of an end that the close code does not tell, or not exactly. */
export type EndReason = 'flood' | 'no pong' | 'shutdown' | 'stalled' | 'token expired';

/** The meaning of the close codes: RFC 6455's registry, and the codes of graphql-transport-ws. */
const MEANINGS: Readonly<Record<number, string>> = {
  1000: 'normal closure',
  1001: 'going away',
  1002: 'protocol error',
  1005: 'no close code',
  1006: 'connection lost',
  1007: 'invalid text',
  1009: 'message too large',
  1011: 'internal error',
  1012: 'service restart',
  1013: 'try again later',
  4400: 'bad request',
  4401: 'not acknowledged',
  4403: 'forbidden',
  4406: 'subprotocol not acceptable',
  4408: 'connection_init too late',
  4409: 'id in use',
  4429: 'too many requests',
  4500: 'internal error',
};

/**
 * The meaning of a close code, in fixed words. The text of a close frame is not logged: a client may write any text, and
 * the gateway's own reasons repeat a client's id.
 */
export function closeReason(code: number): string {
  return MEANINGS[code] ?? 'another code';
}
