/** The hop-by-hop headers of RFC 9110, section 7.6.1, and `Content-Length`, which node writes itself. */
const NOT_COPIED: ReadonlySet<string> = new Set([
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
 * The headers of a Fetch response for a node response with the same body. `Content-Length` beside
 * `Transfer-Encoding` makes a malformed message: RFC 9112, section 6.2.
 */
export function endToEndHeaders(headers: Iterable<readonly [name: string, value: string]>): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => !NOT_COPIED.has(name.toLowerCase())));
}
