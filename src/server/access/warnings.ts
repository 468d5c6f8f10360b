import { isLoopback } from '../../config/rules.ts';
import type { Config } from '../../config.ts';

/** RFC 7518, section 3.2: a key for HS256 has at least the size of the hash. */
const MIN_SECRET_BYTES = 32;

/** What an operator should know about who may ask, in words; none when there is nothing to say. */
export function accessWarnings({ auth, host }: Pick<Config, 'auth' | 'host'>): readonly string[] {
  const warnings: string[] = [];
  if (auth.mode === 'open' && !isLoopback(host))
    warnings.push(
      `ANYONE WHO REACHES ${host} MAY ASK, AND SPENDS YOUR A2E TOKEN: AUTH_MODE is open and HOST is not loopback. ` +
        'Set AUTH_MODE=jwt or passthrough, or let only trusted networks through.',
    );
  if (auth.mode === 'jwt' && auth.jwtSecrets.some((secret) => Buffer.byteLength(secret) < MIN_SECRET_BYTES))
    warnings.push(
      `A secret in AUTH_JWT_SECRET is shorter than ${MIN_SECRET_BYTES} bytes: whoever sees a token can guess it.`,
    );
  return warnings;
}
