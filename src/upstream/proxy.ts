import { EnvHttpProxyAgent } from 'undici';

/** The forward proxies between the gateway and other servers. */
export interface ProxySettings {
  /** `HTTP_PROXY`: for `http:` servers, and for `https:` servers if `https` is null. */
  readonly http: string | null;
  /** `HTTPS_PROXY` */
  readonly https: string | null;
  /** `NO_PROXY`: hosts that are reached without a proxy, as undici reads the list. */
  readonly bypass: string | null;
}

/** A dispatcher that goes through the configured proxies; the options are the ones of undici's `Pool`. */
export function proxyAgent(
  { http, https, bypass }: ProxySettings,
  options: EnvHttpProxyAgent.Options = {},
): EnvHttpProxyAgent {
  // An empty text keeps undici from reading the environment for itself.
  return new EnvHttpProxyAgent({ ...options, httpProxy: http ?? '', httpsProxy: https ?? '', noProxy: bypass ?? '' });
}
