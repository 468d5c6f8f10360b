import { isLoopback } from '../../config/rules.ts';
import type { Config } from '../../config.ts';

/** RFC 7518, section 3.2: a key for HS256 has at least the size of the hash. */
const MIN_SECRET_BYTES = 32;

/** A shorter token can be guessed by trying: 16 random bytes in hexadecimal are 32 characters. */
const MIN_WEBHOOK_CHARACTERS = 16;

type AccessConfig = Pick<Config, 'auth' | 'host' | 'http' | 'upstream'>;

/**
 * The warnings about access and secrets, one or two sentences each; often none. `listen` is false for a gateway that
 * another server serves.
 */
export function accessWarnings(config: AccessConfig, listen = true): readonly string[] {
  const { auth, http, upstream } = config;
  const warnings: string[] = [];
  const exposure = auth.mode === 'open' ? exposureOf(config, listen) : null;
  if (exposure)
    warnings.push(
      `EVERY CLIENT THAT REACHES ${exposure.address} SPENDS YOUR A2E TOKEN: AUTH_MODE is open and ${exposure.reason}. ` +
        'Set AUTH_MODE=jwt or passthrough, or let only trusted networks through.',
    );
  if (auth.mode === 'jwt' && auth.jwtSecrets.some((secret) => Buffer.byteLength(secret) < MIN_SECRET_BYTES))
    warnings.push(
      `A secret in AUTH_JWT_SECRET is shorter than ${MIN_SECRET_BYTES} bytes: a client that has a token can guess it.`,
    );
  if (http.webhookToken !== null && http.webhookToken.length < MIN_WEBHOOK_CHARACTERS)
    warnings.push(`WEBHOOK_TOKEN is shorter than ${MIN_WEBHOOK_CHARACTERS} characters: a client can guess it.`);
  const { protocol, hostname } = new URL(upstream.origin);
  if (protocol === 'http:' && !isLoopback(hostname.replace(/^\[(.*)\]$/, '$1')))
    warnings.push(`A2E_API_URL is http:, not https: every token travels to ${hostname} unencrypted.`);
  return warnings;
}

/** The address that other machines reach, and the reason; null: loopback alone is served. */
function exposureOf({ host, http }: AccessConfig, listen: boolean): { address: string; reason: string } | null {
  if (listen) return isLoopback(host) ? null : { address: host, reason: 'HOST is not loopback' };
  // HOST tells nothing of another server, but without a name in `Host` that is not loopback no public name is served.
  if (http.allowedHosts?.every(isLoopback)) return null;
  return { address: "THE PROGRAM'S SERVER", reason: 'ALLOWED_HOSTS lets names in that are not loopback' };
}
