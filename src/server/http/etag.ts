/**
 * Whether an `If-None-Match` header lists this entity tag, by weak comparison: RFC 9110, section 13.1.2. `fresh` is not
 * used: it also reads `Cache-Control` and `If-Modified-Since`, which no response of the gateway needs.
 */
export function etagMatches(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);
}
