import { LRUCache } from 'lru-cache';

interface Tick {
  readonly version: number;
  /** On the monotonic clock, in ms. */
  readonly claimedAt: number;
}

/**
 * How long after a granted claim the next claim is refused, in ms. Less than the interval by a tenth (at most 250 ms), so
 * that the gateway which won the last tick is not refused the next one because its timer or the network was early.
 */
export function claimExclusionMs(intervalMs: number): number {
  return Math.max(1, Math.floor(intervalMs - Math.min(intervalMs / 10, 250)));
}

/** The ticks granted in this process: the rule of `Cluster.claim` without a server. Bounded; forgets the oldest topics. */
export class LocalClaims {
  readonly #ticks: LRUCache<string, Tick>;

  constructor(maxTopics = 50_000) {
    this.#ticks = new LRUCache({ max: maxTopics });
  }

  /** Grants a version to the first claimant of an interval and null to later claimants. `now` is monotonic, in ms. */
  claim(topic: string, intervalMs: number, after: number, now = performance.now()): number | null {
    const last = this.#ticks.get(topic);
    const refused = last !== undefined && now - last.claimedAt < claimExclusionMs(intervalMs);
    return refused ? null : this.grant(topic, after, now);
  }

  /** Grants a version to any claimant: higher than `after` and than any version noted or granted before. */
  grant(topic: string, after: number, now = performance.now()): number {
    // The wall clock only starts the sequence, so that versions go on rising after a restart of the process.
    const first = Date.now();
    const version = Math.max((this.#ticks.peek(topic)?.version ?? 0) + 1, after + 1, first);
    this.#ticks.set(topic, { version, claimedAt: now });
    return version;
  }

  /** Remembers a version that another process granted. */
  note(topic: string, version: number, now = performance.now()): void {
    if (version > (this.#ticks.peek(topic)?.version ?? 0)) this.#ticks.set(topic, { version, claimedAt: now });
  }
}
