/** How often a task is polled. All in ms. */
export interface PollIntervalOptions {
  /** `POLL_INTERVAL_MS` */
  readonly intervalMs: number;
  /** `POLL_MAX_INTERVAL_MS` */
  readonly maxIntervalMs: number;
}

/** Each poll that brought nothing new stretches the interval by a quarter. */
const STRETCH = 1.25;
const MAX_BACKOFF_MS = 60_000;

/** The wait after an answer, the last `unchanged` of which brought nothing new: from the interval up to its maximum. */
export function adaptiveInterval(unchanged: number, { intervalMs, maxIntervalMs }: PollIntervalOptions): number {
  return Math.round(Math.min(maxIntervalMs, intervalMs * STRETCH ** Math.min(unchanged, 64)));
}

/**
 * The wait after the `failures`-th failure in a row: full jitter between the interval and a cap that doubles with
 * each failure, up to a minute. Source of the shape: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
export function backoffDelay(
  failures: number,
  { intervalMs }: PollIntervalOptions,
  random: () => number = Math.random,
): number {
  const cap = Math.max(intervalMs, Math.min(MAX_BACKOFF_MS, intervalMs * 2 ** Math.min(failures, 32)));
  return Math.round(intervalMs + random() * (cap - intervalMs));
}

/** Keeps count for one watch of what the next wait depends on; every method answers that wait, in ms. */
export class PollIntervalPolicy {
  readonly #options: PollIntervalOptions;
  #unchanged = 0;
  #failures = 0;

  constructor(pace: PollIntervalOptions) {
    this.#options = pace;
  }

  /** The last check failed. */
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
    return backoffDelay(this.#failures, this.#options);
  }

  /** Another gateway polls: come a little later than it means to, so that it wins the next tick again. */
  followerDelay(otherInMs: number): number {
    return otherInMs + Math.min(1_000, this.#options.intervalMs / 10) * (1 + Math.random());
  }

  /** Another gateway's check failed: come a little earlier than it means to, for its way to A2E may be the broken part. */
  takeoverDelay(otherInMs: number): number {
    return otherInMs - Math.min(250, this.#options.intervalMs / 10) * (0.3 + 0.6 * Math.random());
  }
}
