import type { FlattenedJWSInput, JWSHeaderParameters } from 'jose';
import { UpstreamUnavailable } from '../../errors.ts';
import { takeSlots } from '../../gcra.ts';
import { KeySetFailure } from './key-set-endpoint.ts';
import { UnknownKeys } from './unknown-keys.ts';
import { type UnusableKey, type UsableKeys, usableKeys } from './usable-keys.ts';

/** What happens to the key set: see {@link KeySetFailure} for the reason of a failed refresh. */
export type KeySetEvent =
  | { readonly kind: 'fetched' }
  | { readonly kind: 'failed'; readonly reason: string }
  /** Reported once for as long as the set has the key. */
  | { readonly kind: 'unusable-key'; readonly key: UnusableKey };

export interface KeySetOptions {
  /** Resolves with the parsed set, or rejects with {@link KeySetFailure}; ends in a bounded time. */
  readonly fetch: (signal: AbortSignal) => Promise<unknown>;
  /** Must not throw. */
  readonly onEvent?: ((event: KeySetEvent) => void) | undefined;
}

/** The time between two refreshes, in ms. */
const REFRESH_MS = 600_000;
/** The wait after the first failed refresh; it doubles with every further one, in ms. */
const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 30_000;
/** Keys that cannot be refreshed are trusted this long, in ms, so that a removed key does not stay valid for ever. */
const KEEP_STALE_MS = 24 * 3_600_000;
/** The first tickets after the start wait this long for the first keys, in ms. */
const FIRST_WAIT_MS = 1_000;
/** A ticket that no held key fits waits this long for a refresh, in ms: a key just rotated in mostly arrives in time. */
const ROTATION_WAIT_MS = 50;
/**
 * Tickets that no held key fits start five refreshes at once and ten a minute in the long run. That is the default limit of
 * `jwks-rsa` (https://github.com/auth0/node-jwks-rsa), which identity providers are used to.
 */
const ASK_EVERY_MS = 6_000;
const ASK_BURST = 5;

interface HeldKeys extends UsableKeys {
  /** When the fetch of these keys began, on the monotonic clock. */
  readonly begunAt: number;
}

/**
 * The keys of a remote set (RFC 7517). Tickets are checked with the keys held, and one refresh at a time runs in the
 * background: every 10 min, and after a failure with back-off until it succeeds. No ticket waits for a refresh longer
 * than 50 ms, except for the first keys after the start.
 */
export class KeySet implements Disposable {
  readonly #options: KeySetOptions;
  readonly #disposal = new AbortController();
  readonly #unknown = new UnknownKeys();
  #held: HeldKeys | null = null;
  #pending: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #nextAskAt = Number.NEGATIVE_INFINITY;

  constructor(options: KeySetOptions) {
    this.#options = options;
    void this.#refresh();
  }

  /**
   * Looks a key up as jose asks for it. Rejects with jose's errors where the set held has no (one) key, or with
   * `UpstreamUnavailable` while there is no set.
   */
  readonly keyFor = async (header: JWSHeaderParameters, token: FlattenedJWSInput): ReturnType<UsableKeys['keyFor']> => {
    if (this.#held === null && this.#failures === 0) await within(FIRST_WAIT_MS, this.#refresh());
    const held = this.#held;
    if (held === null || performance.now() - held.begunAt > KEEP_STALE_MS)
      throw new UpstreamUnavailable('The keys that sign tokens cannot be fetched');
    return held.keyFor(header, token);
  };

  /**
   * Whether a newer set has arrived, for a ticket that no held key fits; `name` identifies the missing key. false is
   * definitive: a set fetched since the name first came up is without the key. Rejects with `UpstreamUnavailable` while
   * that is not known: the last refresh failed or takes longer than 50 ms, or too many names came up.
   */
  async renewed(name: string): Promise<boolean> {
    const before = this.#held;
    const seenAt = this.#unknown.firstSeen(name);
    if (before !== null && before.begunAt >= seenAt) return false;
    const mayWait = this.#failures === 0 && (this.#pending !== null || this.#mayAsk());
    if (mayWait) await within(ROTATION_WAIT_MS, this.#refresh());
    if (this.#held === before) throw new UpstreamUnavailable('The keys that sign tokens cannot be refreshed now');
    return true;
  }

  /** Stops the refreshes. The keys held stay. */
  [Symbol.dispose](): void {
    this.#disposal.abort();
    clearTimeout(this.#timer);
  }

  /** A token bucket: see {@link ASK_EVERY_MS}. */
  #mayAsk(): boolean {
    const now = performance.now();
    const { start, nextFree } = takeSlots(this.#nextAskAt, now, ASK_EVERY_MS);
    if (start - now > (ASK_BURST - 1) * ASK_EVERY_MS) return false;
    this.#nextAskAt = nextFree;
    return true;
  }

  /** Resolves once the refresh under way has ended, however it ends. */
  #refresh(): Promise<void> {
    clearTimeout(this.#timer);
    this.#pending ??= this.#fetch().finally(() => {
      this.#pending = null;
      this.#schedule();
    });
    return this.#pending;
  }

  #schedule(): void {
    if (this.#disposal.signal.aborted) return;
    const backoffMs = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (this.#failures - 1));
    this.#timer = setTimeout(() => void this.#refresh(), this.#failures === 0 ? REFRESH_MS : backoffMs).unref();
  }

  async #fetch(): Promise<void> {
    const { fetch, onEvent = () => {} } = this.#options;
    const { signal } = this.#disposal;
    const begunAt = performance.now();
    try {
      const keys = await usableKeys(await fetch(signal));
      if (signal.aborted) return;
      const known = new Set(this.#held?.unusable.map(identityOf));
      this.#held = { ...keys, begunAt };
      this.#failures = 0;
      for (const key of keys.unusable) if (!known.has(identityOf(key))) onEvent({ kind: 'unusable-key', key });
      onEvent({ kind: 'fetched' });
    } catch (error) {
      if (signal.aborted) return;
      this.#failures += 1;
      onEvent({ kind: 'failed', reason: error instanceof KeySetFailure ? error.reason : 'UNKNOWN' });
    }
  }
}

function identityOf(key: UnusableKey): string {
  return JSON.stringify(key);
}

/** Resolves once the work has ended, after `ms` at the latest. */
async function within(ms: number, work: Promise<void>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([work, late]);
  clearTimeout(timer);
}
