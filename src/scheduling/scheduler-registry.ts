import type { SharedRateLimiter } from '../cluster/contract.ts';
import type { Credential } from '../task/credential.ts';
import { FairSemaphore } from './fair-semaphore.ts';
import { ClusterRateLimiter } from './rate-limiter.ts';
import type { SchedulerEvent, SchedulerOptions } from './scheduler-options.ts';
import { UpstreamScheduler } from './upstream-scheduler.ts';

export interface SchedulerRegistryOptions extends Omit<SchedulerOptions, 'onEvent' | 'rateLimiter' | 'semaphore'> {
  /** `UPSTREAM_MAX_CONCURRENCY`, of all lanes together. */
  readonly maxConcurrency: number;
  readonly onEvent?: (event: SchedulerEvent, credential: Credential) => void;
  /** What the gateways of a cluster share; absent: this one is alone. */
  readonly shared?: SharedRateLimiter | undefined;
}

/** Idle lanes are swept when there are as many as this, or twice as many as the last sweep left. */
const SWEEP_AT = 256;
/** A refusal is told to the cluster as a pause of the lane with this after its name. */
const TOKEN_REFUSED_SUFFIX = ' refused';
/** Shorter than the wait between two probes of a refused token, so that each probe that is refused again is told. */
const TOKEN_REFUSED_MS = 9_000;

/**
 * One {@link UpstreamScheduler} per upstream token, in step with those of the other gateways. What they share here is the number of
 * calls under way; when that is reached they take turns.
 */
export class SchedulerRegistry implements Disposable {
  readonly #options: SchedulerRegistryOptions;
  readonly #semaphore: FairSemaphore;
  readonly #schedulers = new Map<string, UpstreamScheduler>();
  #sweepAt = SWEEP_AT;
  /** What a lane tells while this is set it was told by another gateway, which needs no telling. */
  #applyingPeerEvent = false;
  readonly #stopListening: (() => void) | undefined;

  constructor(options: SchedulerRegistryOptions) {
    this.#options = options;
    this.#semaphore = new FairSemaphore(options.maxConcurrency);
    this.#stopListening = options.shared?.onPause((name, forMs) => this.#onPeerEvent(name, forMs));
  }

  /** The lane of this token. Ask again for every call: an idle lane may be replaced. */
  for(credential: Credential): UpstreamScheduler {
    const known = this.#schedulers.get(credential.key);
    if (known) return known;
    this.#sweep();
    const lane = this.#open(credential);
    this.#schedulers.set(credential.key, lane);
    // What the others are pausing already.
    for (const name of [credential.key, credential.key + TOKEN_REFUSED_SUFFIX]) {
      const leftMs = this.#options.shared?.pausedFor(name) ?? 0;
      if (leftMs > 0) this.#onPeerEvent(name, leftMs);
    }
    return lane;
  }

  /** How many lanes there are, idle ones included. */
  get size(): number {
    return this.#schedulers.size;
  }

  [Symbol.dispose](): void {
    this.#stopListening?.();
  }

  #open(credential: Credential): UpstreamScheduler {
    const { shared, maxConcurrency: _, maxRps, onEvent, ...options } = this.#options;
    const rateLimiter =
      shared && maxRps !== null
        ? (onAnswer: () => void) => new ClusterRateLimiter(shared, credential.key, maxRps, onAnswer)
        : undefined;
    return new UpstreamScheduler({
      ...options,
      maxRps,
      semaphore: this.#semaphore,
      ...(rateLimiter && { rateLimiter }),
      onEvent: (event) => {
        if (!this.#applyingPeerEvent) this.#publish(event, credential);
        onEvent?.(event, credential);
      },
    });
  }

  #publish(event: SchedulerEvent, { key }: Credential): void {
    if (event.kind === 'paused') void this.#options.shared?.pause(key, event.forMs);
    if (event.kind === 'token-refused') void this.#options.shared?.pause(key + TOKEN_REFUSED_SUFFIX, TOKEN_REFUSED_MS);
  }

  #onPeerEvent(name: string, forMs: number): void {
    this.#applyingPeerEvent = true;
    try {
      const refusedAt = Date.now() - Math.max(0, TOKEN_REFUSED_MS - forMs);
      if (name.endsWith(TOKEN_REFUSED_SUFFIX))
        this.#schedulers.get(name.slice(0, -TOKEN_REFUSED_SUFFIX.length))?.onPeerTokenRefused(refusedAt);
      else this.#schedulers.get(name)?.onPeerPause(forMs);
    } finally {
      this.#applyingPeerEvent = false;
    }
  }

  #sweep(): void {
    if (this.#schedulers.size < this.#sweepAt) return;
    for (const [key, lane] of this.#schedulers) if (lane.idle) this.#schedulers.delete(key);
    this.#sweepAt = Math.max(SWEEP_AT, 2 * this.#schedulers.size);
  }
}
