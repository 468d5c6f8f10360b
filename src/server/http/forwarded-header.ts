import type { IncomingHttpHeaders } from 'node:http';

/** The parameters of a proxy that the gateway reads. */
type ForwardedName = 'for' | 'host' | 'proto';

/**
 * White space, a delimiter, or a pair with a quoted or a plain value (RFC 7239, section 4). Sticky, so that the scan
 * ends at the first malformed character and takes linear time. A plain value may have the colon of a port, which some
 * proxies do not quote.
 */
const LEXEME = /[ \t]+|([;,])|([\w!#$%&'*+.^`|~-]+)=(?:"((?:\\.|[^"\\])*)"|([^\s;,"\\]+))/gy;

/**
 * The word of the nearest proxy: the last value of `X-Forwarded-For`, `-Host` or `-Proto`, because a client can invent
 * each value before it; else the same parameter in the last element of `Forwarded` (RFC 7239). Empty when there is none,
 * or when `Forwarded` is malformed in any place.
 */
export function lastForwarded(headers: IncomingHttpHeaders, name: ForwardedName): string {
  const values = [headers[`x-forwarded-${name}`] ?? []].flat().join(',');
  return values.split(',').at(-1)?.trim() || (lastElement(headers.forwarded ?? '')?.get(name) ?? '');
}

/**
 * The parameters of the last element; null: the header is malformed. One fault discards the whole header, because a
 * quote that a client leaves open swallows the comma of the proxy, and the element of the client would read as the last.
 */
function lastElement(forwarded: string): ReadonlyMap<string, string> | null {
  let element = new Map<string, string>();
  let mayBegin = true;
  let end = 0;
  for (const [lexeme, delimiter, name, quoted, plain = ''] of forwarded.matchAll(LEXEME)) {
    end += lexeme.length;
    if (delimiter === ',') element = new Map();
    if (delimiter !== undefined) mayBegin = true;
    if (name === undefined) continue;
    const key = name.toLowerCase();
    if (!mayBegin || element.has(key)) return null;
    mayBegin = false;
    element.set(key, quoted?.replaceAll(/\\(.)/g, '$1') ?? plain);
  }
  return end === forwarded.length ? element : null;
}
