import { createLocalJWKSet, errors, type FlattenedJWSInput, type JWSHeaderParameters } from 'jose';
import { type Dispatcher, request } from 'undici';
import { UpstreamUnavailable } from '../../errors.ts';

/** A refresh of the key set has ended. `reason`: an HTTP status, or an error code of the system; never a body. */
export type KeySetEvent = { readonly kind: 'fetched' } | { readonly kind: 'failed'; readonly reason: string };

export interface KeySetOptions {
  /** `AUTH_JWKS_URL` */
  readonly url: string;
  /** The dispatcher of the proxy, where one is configured. */
  readonly dispatcher?: Dispatcher | undefined;
  /** Must not throw. */
  readonly onEvent?: ((event: KeySetEvent) => void) | undefined;
}

/** A set that is older is refreshed in the background, in ms. */
const MAX_AGE_MS = 600_000;
/** A set that cannot be refreshed is trusted this long, in ms. */
const KEEP_STALE_MS = 3_600_000;
/** A token that no held key fits starts a refresh at most this often, in ms. */
const COOLDOWN_MS = 30_000;
/** The wait after the first failed refresh; it doubles with every further one up to the cooldown, in ms. */
const FIRST_BACKOFF_MS = 1_000;
/** A token that no held key fits waits this long for a refresh, in ms: a key just rotated in mostly arrives in time. */
const ROTATION_WAIT_MS = 50;
/** For one whole fetch, in ms. */
const FETCH_TIMEOUT_MS = 5_000;
const MAX_BYTES = 1024 * 1024;

type Keys = ReturnType<typeof createLocalJWKSet>;

/**
 * The keys of a remote set (RFC 7517). Callers get keys from the set that is held; one refresh at a time runs in the
 * background, and a failed one is not repeated before its back-off has passed. Only before the first set has arrived do
 * callers wait for a fetch.
 */
export class KeySet {
  readonly #options: KeySetOptions;
  #held: { readonly keys: Keys; readonly fetchedAt: number } | null = null;
  #pending: Promise<void> | null = null;
  #lastAttemptAt = Number.NEGATIVE_INFINITY;
  #failures = 0;

  constructor(options: KeySetOptions) {
    this.#options = options;
    void this.#refresh();
  }

  /**
   * Looks a key up as jose asks for it. Rejects with jose's errors where the set held has no (one) key, or with
   * `UpstreamUnavailable` while there is no set.
   */
  readonly keyFor = async (header: JWSHeaderParameters, token: FlattenedJWSInput): ReturnType<Keys> => {
    if (!this.#usable) await this.#refresh();
    if (!this.#usable || !this.#held) throw new UpstreamUnavailable('The keys that sign tokens cannot be fetched');
    if (performance.now() - this.#held.fetchedAt > MAX_AGE_MS) void this.#refresh();
    return this.#held.keys(header, token);
  };

  /**
   * Whether a newer set has arrived, for a token that no held key fits. Starts a refresh at most once in 30 s. Rejects
   * with `UpstreamUnavailable` when the refresh takes longer than 50 ms, because the token may still be valid.
   */
  async renewed(): Promise<boolean> {
    const before = this.#held;
    if (this.#pending === null && performance.now() - this.#lastAttemptAt < COOLDOWN_MS) return false;
    const { promise: late, resolve } = Promise.withResolvers<'late'>();
    const timer = setTimeout(resolve, ROTATION_WAIT_MS, 'late');
    const outcome = await Promise.race([this.#refresh(), late]);
    clearTimeout(timer);
    if (outcome === 'late') throw new UpstreamUnavailable('The keys that sign tokens are being fetched');
    return this.#held !== before;
  }

  get #usable(): boolean {
    return this.#held !== null && performance.now() - this.#held.fetchedAt < KEEP_STALE_MS;
  }

  /** Resolves once the refresh under way has ended, however it ends; at once while a failure is remembered. */
  #refresh(): Promise<void> {
    if (this.#pending !== null) return this.#pending;
    const backoffMs = Math.min(COOLDOWN_MS, FIRST_BACKOFF_MS * 2 ** (this.#failures - 1));
    if (this.#failures > 0 && performance.now() - this.#lastAttemptAt < backoffMs) return Promise.resolve();
    this.#lastAttemptAt = performance.now();
    this.#pending = this.#fetch().finally(() => {
      this.#pending = null;
    });
    return this.#pending;
  }

  async #fetch(): Promise<void> {
    const { onEvent = () => {} } = this.#options;
    try {
      this.#held = { keys: createLocalJWKSet(await this.#download()), fetchedAt: performance.now() };
      this.#failures = 0;
      onEvent({ kind: 'fetched' });
    } catch (error) {
      this.#failures += 1;
      onEvent({ kind: 'failed', reason: reasonOf(error) });
    }
  }

  async #download(): Promise<Parameters<typeof createLocalJWKSet>[0]> {
    const { url, dispatcher } = this.#options;
    const { statusCode, body } = await request(url, {
      ...(dispatcher && { dispatcher }),
      headers: { accept: 'application/json, application/jwk-set+json' },
      signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
    });
    if (statusCode !== 200) {
      await body.dump();
      throw new InvalidKeySetResponse(`HTTP ${statusCode}`);
    }
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > MAX_BYTES) throw new InvalidKeySetResponse('too large');
      chunks.push(chunk);
    }
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as Parameters<typeof createLocalJWKSet>[0];
  }
}

/** The response of the endpoint is no key set. The message is the reason. */
class InvalidKeySetResponse extends Error {}

function reasonOf(error: unknown): string {
  if (error instanceof InvalidKeySetResponse) return error.message;
  if (error instanceof SyntaxError || error instanceof errors.JOSEError) return 'no key set';
  if (error instanceof Error && error.name === 'TimeoutError') return 'TIMEOUT';
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^\w+$/.test(code) ? code : 'UNKNOWN';
}
