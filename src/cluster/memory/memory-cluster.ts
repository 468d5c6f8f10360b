import type { Cluster, ClusterHealth, ClusterLogger, SharedRateLimiter, Versioned } from '../contract.ts';
import { reservationSize } from '../gcra.ts';
import { RateLimiterClient } from '../rate-limiter-client.ts';
import { TopicListeners } from '../topic-listeners.ts';
import { MemoryHub } from './memory-hub.ts';

/**
 * The cluster of one process: every claim is granted, states are remembered in a bounded cache. Several of them given
 * the same hub behave as the gateways of a deployment do, which is what tests use.
 */
export class MemoryCluster<S> implements Cluster<S>, SharedRateLimiter {
  readonly #hub: MemoryHub<S>;
  readonly #node: { readonly listeners: TopicListeners<S>; readonly limiter: RateLimiterClient };

  constructor({ hub = new MemoryHub<S>(), logger }: { hub?: MemoryHub<S>; logger?: ClusterLogger } = {}) {
    this.#hub = hub;
    const book = async (lane: string, rate: number) => hub.limiter.reserve(lane, rate, reservationSize(rate));
    this.#node = { listeners: new TopicListeners<S>(logger), limiter: new RateLimiterClient(book, logger) };
    hub.register(this.#node);
  }

  get health(): ClusterHealth {
    return this.#hub.nodes.size > 1 ? 'connected' : 'single';
  }

  subscribe(topic: string, hear: (published: Versioned<S>) => void): () => void {
    const leave = this.#node.listeners.add(topic, hear);
    return () => void leave();
  }

  async read(topic: string): Promise<Versioned<S> | null> {
    return this.#hub.read(topic);
  }

  async claim(topic: string, intervalMs: number, after: number): Promise<number | null> {
    return this.#hub.claim(topic, intervalMs, after);
  }

  async publish(topic: string, published: Versioned<S>, rememberMs: number): Promise<void> {
    this.#node.listeners.advanceVersion(topic, published.version);
    this.#hub.publish(this.#node, topic, published, rememberMs);
  }

  tryConsume(lane: string, ratePerSecond: number): Promise<number> {
    return this.#node.limiter.tryConsume(lane, ratePerSecond);
  }

  pausedFor(lane: string): number {
    return this.#node.limiter.pausedFor(lane);
  }

  async pause(lane: string, forMs: number): Promise<void> {
    if (this.#node.limiter.pause(lane, forMs)) this.#hub.pause(this.#node, lane, forMs);
  }

  onPause(listener: (lane: string, forMs: number) => void): () => void {
    return this.#node.limiter.onPause(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#hub.nodes.delete(this.#node);
  }
}
