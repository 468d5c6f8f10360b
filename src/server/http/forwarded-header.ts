import type { IncomingHttpHeaders } from 'node:http';

/** The parameters of a proxy that the gateway reads. */
type ForwardedName = 'for' | 'host' | 'proto';

/** An element of `Forwarded`; a comma within a quoted string ends none. */
const ELEMENT = /(?:"(?:\\.|[^"\\])*"|[^,"])+/g;
const PAIR = /([a-z]+)=("(?:\\.|[^"\\])*"|[^;\s]*)/gi;

/**
 * The word of the nearest proxy: the last value of `X-Forwarded-For`, `-Host` or `-Proto`, because a client can invent
 * each value before it; else the same parameter in the last element of `Forwarded` (RFC 7239). Empty when there is none.
 */
export function lastForwarded(headers: IncomingHttpHeaders, name: ForwardedName): string {
  const values = [headers[`x-forwarded-${name}`] ?? []].flat().join(',');
  return values.split(',').at(-1)?.trim() || parameterOf(headers.forwarded ?? '', name);
}

function parameterOf(forwarded: string, name: ForwardedName): string {
  const element = forwarded.match(ELEMENT)?.at(-1) ?? '';
  const pair = [...element.matchAll(PAIR)].find(([, key]) => key?.toLowerCase() === name);
  return pair?.[2]?.replace(/^"(.*)"$/, '$1').replaceAll(/\\(.)/g, '$1') ?? '';
}
