import { LRUCache } from 'lru-cache';
import type { Versioned } from '../contract.ts';
import type { InvalidationListeners } from '../invalidation-listeners.ts';
import { LocalClaims } from '../local-claims.ts';
import type { RateLimiterClient } from '../rate-limiter-client.ts';
import { SlotReservations } from '../slot-reservations.ts';
import type { TopicListeners } from '../topic-listeners.ts';

/** The parts of a node that its hub calls. */
export interface HubNode<S> {
  readonly listeners: TopicListeners<S>;
  readonly limiter: RateLimiterClient;
  readonly invalidations: InvalidationListeners;
}

/** The state that the nodes of an in-memory cluster share. A node without a given hub makes its own. */
export class MemoryHub<S> {
  readonly nodes = new Set<HubNode<S>>();
  readonly reservations = new SlotReservations();
  readonly #ticks: LocalClaims;
  readonly #states: LRUCache<string, Versioned<S>>;

  /** `maxTopics`: the most topics stored; past it the hub forgets the topics longest unused. */
  constructor({ maxTopics = 20_000 }: { maxTopics?: number } = {}) {
    this.#ticks = new LocalClaims(maxTopics);
    this.#states = new LRUCache({ max: maxTopics });
  }

  read(topic: string): Versioned<S> | null {
    return this.#states.get(topic) ?? null;
  }

  /** Grants one claim per interval; a single node is never refused, because it decides alone when to poll. */
  claim(topic: string, intervalMs: number, after: number): number | null {
    return this.nodes.size > 1 ? this.#ticks.claim(topic, intervalMs, after) : this.#ticks.grant(topic, after);
  }

  /** Stores the state and notifies every node but the sender, unless a later state is stored. */
  publish(sender: HubNode<S>, topic: string, published: Versioned<S>, rememberMs: number): void {
    if (published.version < (this.#states.get(topic)?.version ?? 0)) return;
    if (rememberMs > 0) this.#states.set(topic, published, { ttl: rememberMs });
    for (const node of this.nodes) if (node !== sender) node.listeners.notify(topic, published);
  }

  pause(sender: HubNode<S>, key: string, forMs: number): void {
    for (const node of this.nodes) if (node !== sender) node.limiter.onPeerPause(key, forMs);
  }

  invalidate(sender: HubNode<S>, ids: ReadonlySet<string>): void {
    for (const node of this.nodes) if (node !== sender) node.invalidations.notify(ids);
  }

  /** Adds a node, and passes the pauses in force on to it. */
  register(node: HubNode<S>): void {
    for (const other of this.nodes)
      for (const [key, leftMs] of other.limiter.pauses) node.limiter.onPeerPause(key, leftMs);
    this.nodes.add(node);
  }
}
