import { type buildConnector, EnvHttpProxyAgent, Pool } from 'undici';
import { trackedConnector } from './reused-connection.ts';

/** The forward proxies between the gateway and other servers. */
export interface ProxySettings {
  /** `HTTP_PROXY`: for `http:` servers, and for `https:` servers if `https` is null. */
  readonly http: string | null;
  /** `HTTPS_PROXY` */
  readonly https: string | null;
  /** `NO_PROXY`: hosts that are reached without a proxy, as undici reads the list. */
  readonly bypass: string | null;
}

/** The options of undici's `Pool`; `connect` holds for the proxy and for the server behind it. */
export interface ProxyAgentOptions extends Pool.Options {
  readonly connect?: buildConnector.BuildOptions;
}

/**
 * A dispatcher that goes through the configured proxies. `isResetOfReused` knows its connections: the tunnels through a
 * proxy, the connections to a proxy that forwards, and the connections to hosts without a proxy.
 */
export function proxyAgent(
  { http, https, bypass }: ProxySettings,
  { connect = {}, ...options }: ProxyAgentOptions = {},
): EnvHttpProxyAgent {
  return new EnvHttpProxyAgent({
    ...options,
    connect,
    requestTls: connect,
    proxyTls: connect,
    // For a proxy, undici passes its own connector.
    factory: (origin, pool: Pool.Options) =>
      new Pool(origin, { ...options, connect: trackedConnector(pool.connect ?? connect) }),
    // An empty text keeps undici from reading the environment for itself.
    httpProxy: http ?? '',
    httpsProxy: https ?? '',
    noProxy: bypass ?? '',
  });
}
