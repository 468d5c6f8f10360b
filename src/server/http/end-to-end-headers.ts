/** Headers of one connection, and of the length that node writes itself: RFC 9110, section 7.6.1. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * The headers of a response that belong into another response with the same body. `Content-Length` beside
 * `Transfer-Encoding` makes a malformed message: RFC 9112, section 6.2.
 */
export function endToEndHeaders(headers: Iterable<readonly [name: string, value: string]>): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => !HOP_BY_HOP.has(name.toLowerCase())));
}
