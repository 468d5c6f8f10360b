import { LRUCache } from 'lru-cache';

interface Tick {
  readonly version: number;
  readonly claimedAt: number;
}

/**
 * How long after a granted claim the next one is refused, in ms. Less than the interval by a tenth (at most 250 ms), so
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

  /** Grants a version to the first claimant of an interval and null to the others. Times in ms since the epoch. */
  claim(topic: string, intervalMs: number, after: number, now = Date.now()): number | null {
    const last = this.#ticks.get(topic);
    // A clock that was set back must not refuse everybody until it has caught up.
    const refused = last !== undefined && now >= last.claimedAt && now - last.claimedAt < claimExclusionMs(intervalMs);
    return refused ? null : this.grant(topic, after, now);
  }

  /** Grants a version whoever asks: higher than `after` and than any noted or granted before. */
  grant(topic: string, after: number, now = Date.now()): number {
    const version = Math.max((this.#ticks.peek(topic)?.version ?? 0) + 1, after + 1, now);
    this.#ticks.set(topic, { version, claimedAt: now });
    return version;
  }

  /** Remembers a version that was granted elsewhere. */
  note(topic: string, version: number, now = Date.now()): void {
    if (version > (this.#ticks.peek(topic)?.version ?? 0)) this.#ticks.set(topic, { version, claimedAt: now });
  }
}
