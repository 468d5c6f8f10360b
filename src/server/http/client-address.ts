import type { IncomingMessage } from 'node:http';
import { isIPv4, isIPv6 } from 'node:net';

/** Tells clients apart by where they come from: see {@link clientIpResolver}. */
export type ClientIpResolver = (request: IncomingMessage) => string;

/**
 * Reads the address a request comes from, for limits per client. With `trustProxy` it is the last of
 * `X-Forwarded-For`: the one that the nearest proxy wrote itself; what stands before it anybody can send. Some proxies
 * write a port as well; when there is no address at all, the proxy's own counts. IPv6 addresses count by their /64,
 * since whoever has one has the whole of it.
 */
export function clientIpResolver(trustProxy: boolean): ClientIpResolver {
  return ({ headers, socket }) => {
    const forwarded = trustProxy ? forwardedFor(headers['x-forwarded-for']) : null;
    return networkOf(forwarded ?? socket.remoteAddress ?? '');
  };
}

/** The last address, without brackets and port; null when it is none. */
function forwardedFor(header: string | readonly string[] | undefined): string | null {
  const last = [header ?? []].flat().join(',').split(',').at(-1)?.trim() ?? '';
  const v6 = /^\[(.*)\](?::\d+)?$/.exec(last)?.[1] ?? last;
  if (isIPv6(v6)) return v6;
  const v4 = last.replace(/:\d+$/, '');
  return isIPv4(v4) ? v4 : null;
}

/** An IPv4 address as it is, an IPv6 one without its last 64 bits. */
function networkOf(address: string): string {
  if (isIPv4(address)) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [head = '', tail] = (address.split('%')[0] ?? '').toLowerCase().split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: tail === undefined ? 0 : 8 - left.length - right.length }, () => '0');
  const groups = [...left, ...zeros, ...right].slice(0, 4).map((group) => group.replace(/^0+(?=.)/, ''));
  return `${groups.join(':')}::/64`;
}
