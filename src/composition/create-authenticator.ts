import type { Authenticator } from '../server/access/authenticator.ts';
import type { KeySet, KeySetEvent } from '../server/access/key-set.ts';
import { OpenAuthenticator } from '../server/access/open-authenticator.ts';
import { PassthroughAuthenticator } from '../server/access/passthrough-authenticator.ts';
import { proxyAgent } from '../upstream/proxy.ts';
import type { SharedServices } from './shared-services.ts';

/** Builds the authenticator of `AUTH_MODE`. A source that needs no token of the gateway is called with an empty one. */
export async function createAuthenticator(base: SharedServices): Promise<Authenticator> {
  const { config } = base;
  const { auth, upstream } = config;
  if (auth.mode === 'passthrough') return new PassthroughAuthenticator();
  const gatewayToken = upstream.token ?? '';
  if (auth.mode === 'open') return new OpenAuthenticator(gatewayToken);
  const { JwtAuthenticator } = await import('../server/access/jwt-authenticator.ts');
  const { jwtSecrets: secrets, jwksUrl, jwtIssuer: issuer, jwtAudience: audience } = auth;
  const keySet = jwksUrl === null ? null : await createKeySet(base, jwksUrl);
  return new JwtAuthenticator({ gatewayToken, secrets, keySet, issuer, audience });
}

async function createKeySet(services: SharedServices, url: string): Promise<KeySet> {
  const [{ KeySet }, { fetchKeySet }] = await Promise.all([
    import('../server/access/key-set.ts'),
    import('../server/access/key-set-endpoint.ts'),
  ]);
  const { config, stack } = services;
  const dispatcher = config.proxy ? stack.adopt(proxyAgent(config.proxy), (agent) => agent.destroy()) : undefined;
  const fetch = (signal: AbortSignal) => fetchKeySet({ url, dispatcher }, signal);
  return stack.use(new KeySet({ fetch, onEvent: (event) => reportKeySet(event, services) }));
}

function reportKeySet(event: KeySetEvent, { outages: { keySet: outage }, log }: SharedServices): void {
  if (event.kind === 'fetched') outage?.succeeded();
  else if (event.kind === 'failed') outage?.failed(event.reason);
  else log.warn({ ...event.key }, 'key of the key set ignored');
}
