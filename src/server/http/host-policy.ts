import type { IncomingMessage } from 'node:http';

/** Whether a request is meant for this gateway, by the name in its `Host`. */
export type HostPolicy = (request: Pick<IncomingMessage, 'headers'>) => boolean;

/**
 * `ALLOWED_HOSTS`: a page with a name that resolves to this address (DNS rebinding) is of the same origin, but names
 * itself in `Host`. Ports do not count, nor does case. null: any host is served.
 */
export function hostPolicy(allowed: readonly string[] | null): HostPolicy {
  if (allowed === null) return () => true;
  const names = new Set(allowed);
  // Nearly every request names the same host as the one before it.
  let last = { host: '', isAllowed: names.has('') };
  return ({ headers: { host = '' } }) => {
    if (host !== last.host) last = { host, isAllowed: names.has(hostName(host)) };
    return last.isAllowed;
  };
}

/** Without the port and without the brackets of an IPv6 address. */
function hostName(host: string): string {
  return host
    .toLowerCase()
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1');
}
