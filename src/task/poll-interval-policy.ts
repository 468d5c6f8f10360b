/** How often a task is polled. All in ms. */
export interface PollIntervalOptions {
  /** `POLL_INTERVAL_MS` */
  readonly intervalMs: number;
  /** `POLL_MAX_INTERVAL_MS` */
  readonly maxIntervalMs: number;
  /** Draws the jitter: a number from 0 to 1. */
  readonly random?: () => number;
}

/** Each poll without a change stretches the interval by a quarter. */
const STRETCH = 1.25;
/** `FAILURE_COUNTS_MS` in `composition/shared-services.ts` has to exceed it. */
const MAX_BACKOFF_MS = 60_000;

/** The delay after `unchanged` polls in a row without a change: from the interval up to its maximum. */
export function adaptiveInterval(unchanged: number, { intervalMs, maxIntervalMs }: PollIntervalOptions): number {
  return Math.round(Math.min(maxIntervalMs, intervalMs * STRETCH ** Math.min(unchanged, 64)));
}

/**
 * The delay after the `failures`-th failure in a row: uniform jitter between the interval and a cap that doubles with
 * each failure, up to a minute. An interval of a minute or more has no back-off. Source of the shape: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
export function backoffDelay(
  failures: number,
  { intervalMs }: PollIntervalOptions,
  random: () => number = Math.random,
): number {
  const cap = Math.max(intervalMs, Math.min(MAX_BACKOFF_MS, intervalMs * 2 ** Math.min(failures, 32)));
  return Math.round(intervalMs + random() * (cap - intervalMs));
}

/** Counts unchanged and failed polls of one watch. Every method returns the delay until the next poll, in ms. */
export class PollIntervalPolicy {
  readonly #options: PollIntervalOptions;
  readonly #random: () => number;
  #unchanged = 0;
  #failures = 0;

  constructor(pace: PollIntervalOptions) {
    this.#options = pace;
    this.#random = pace.random ?? Math.random;
  }

  /** The last poll failed. */
  get failing(): boolean {
    return this.#failures > 0;
  }

  onChanged(): number {
    this.#failures = 0;
    this.#unchanged = 0;
    return adaptiveInterval(0, this.#options);
  }

  onUnchanged(): number {
    this.#failures = 0;
    this.#unchanged += 1;
    return adaptiveInterval(this.#unchanged, this.#options);
  }

  onFailed(): number {
    this.#failures += 1;
    this.#unchanged = 0;
    return backoffDelay(this.#failures, this.#options, this.#random);
  }

  /**
   * The delays around a peer's poll in `peerInMs`, in ms. A follower polls a little later than the peer, so that
   * the same gateway keeps winning the ticks. A takeover candidate polls a little earlier than a peer with a failed poll,
   * because the peer's way to A2E may be the broken part.
   */
  aroundPeer(peerInMs: number): { readonly followerDelay: number; readonly takeoverDelay: number } {
    const { intervalMs } = this.#options;
    return {
      followerDelay: peerInMs + Math.min(1_000, intervalMs / 10) * (1 + this.#random()),
      takeoverDelay: Math.max(0, peerInMs - Math.min(250, intervalMs / 10) * (0.3 + 0.6 * this.#random())),
    };
  }
}
