import type { IncomingMessage } from 'node:http';
import { isIPv4, isIPv6, type Socket } from 'node:net';
import ipaddr from 'ipaddr.js';
import { lastForwarded } from './forwarded-header.ts';

/** Tells clients apart by their network address: see {@link clientIpResolver}. */
export type ClientIpResolver = (request: Pick<IncomingMessage, 'headers' | 'socket'>) => string;

/**
 * Reads the address of a request, for limits per client. With `trustProxy` it is the last of `X-Forwarded-For`, or of
 * `Forwarded`, with or without a port; without a usable one the proxy's own address counts. See {@link networkOf} for the
 * grouping. `@fastify/proxy-addr` is not used: it walks a chain of trusted proxies, and `TRUST_PROXY` trusts one.
 */
export function clientIpResolver(trustProxy: boolean): ClientIpResolver {
  return ({ headers, socket }) => {
    const forwarded = trustProxy ? forwardedFor(lastForwarded(headers, 'for')) : null;
    return forwarded === null ? peerNetwork(socket) : networkOf(forwarded);
  };
}

/** The address of the peer of a TCP connection, grouped as {@link networkOf} says. */
export function peerNetwork({ remoteAddress = '' }: Pick<Socket, 'remoteAddress'>): string {
  return networkOf(remoteAddress);
}

/** The address, without brackets, zone and port; null when it is none. */
function forwardedFor(last: string): string | null {
  const v6 = withoutZone(/^\[(.*)\](?::\d+)?$/.exec(last)?.[1] ?? last);
  if (isIPv6(v6)) return v6;
  const v4 = last.replace(/:\d+$/, '');
  return isIPv4(v4) ? v4 : null;
}

/**
 * An IPv4 address as it is, also when it is mapped into IPv6; an IPv6 address by its /64, because a client has the whole
 * of its /64. `ipaddr.js` reads all spellings of IPv6 (`::`, leading zeros, an IPv4 tail), each of which would otherwise
 * have a counter of its own. Never throws, because an error in a listener of the server ends the process.
 */
function networkOf(address: string): string {
  if (isIPv4(address)) return address;
  const bare = withoutZone(address);
  if (!isIPv6(bare) || !ipaddr.isValid(bare)) return bare;
  const ip = ipaddr.process(bare);
  if (ip.kind() === 'ipv4') return ip.toString();
  const groups = (ip as ipaddr.IPv6).parts.slice(0, 4).map((part) => part.toString(16));
  return `${groups.join(':')}::/64`;
}

/** Cuts the zone off (`%br-lan`): `ipaddr.js` throws for a zone that has a hyphen or a dot. */
function withoutZone(address: string): string {
  return address.split('%', 1).join('');
}
