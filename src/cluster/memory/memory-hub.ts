import { LRUCache } from 'lru-cache';
import type { Versioned } from '../contract.ts';
import { Gcra } from '../gcra.ts';
import { LocalClaims } from '../local-claims.ts';
import type { RateLimiterClient } from '../rate-limiter-client.ts';
import type { TopicListeners } from '../topic-listeners.ts';

/** What a hub knows of one of its nodes. */
export interface HubNode<S> {
  readonly listeners: TopicListeners<S>;
  readonly limiter: RateLimiterClient;
}

/** What the nodes of an in-memory cluster have in common. Made implicitly for a process on its own. */
export class MemoryHub<S> {
  readonly nodes = new Set<HubNode<S>>();
  readonly limiter = new Gcra();
  readonly #ticks: LocalClaims;
  readonly #states: LRUCache<string, Versioned<S>>;

  /** `maxTopics`: how many topics are remembered at most; past it the ones longest unused are forgotten. */
  constructor({ maxTopics = 20_000 }: { maxTopics?: number } = {}) {
    this.#ticks = new LocalClaims(maxTopics);
    this.#states = new LRUCache({ max: maxTopics });
  }

  read(topic: string): Versioned<S> | null {
    return this.#states.get(topic) ?? null;
  }

  /** One claimant per interval; a node on its own decides by itself when to poll, so it is never refused. */
  claim(topic: string, intervalMs: number, after: number): number | null {
    return this.nodes.size > 1 ? this.#ticks.claim(topic, intervalMs, after) : this.#ticks.grant(topic, after);
  }

  /** Remembers the state and tells every node but the sender, unless a later one is remembered. */
  publish(sender: HubNode<S>, topic: string, published: Versioned<S>, rememberMs: number): void {
    if (published.version < (this.#states.get(topic)?.version ?? 0)) return;
    if (rememberMs > 0) this.#states.set(topic, published, { ttl: rememberMs });
    for (const node of this.nodes) if (node !== sender) node.listeners.notify(topic, published);
  }

  pause(sender: HubNode<S>, lane: string, forMs: number): void {
    for (const node of this.nodes) if (node !== sender) node.limiter.onPeerPause(lane, forMs);
  }

  /** Takes a node in, telling it of the pauses in force. */
  register(node: HubNode<S>): void {
    for (const other of this.nodes)
      for (const [lane, leftMs] of other.limiter.pauses) node.limiter.onPeerPause(lane, leftMs);
    this.nodes.add(node);
  }
}
