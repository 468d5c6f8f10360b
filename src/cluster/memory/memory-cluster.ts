import {
  type Cluster,
  type ClusterHealth,
  type ClusterLogger,
  type InvalidationListener,
  isTaskId,
  type SharedRateLimiter,
  type Versioned,
} from '../contract.ts';
import { InvalidationListeners } from '../invalidation-listeners.ts';
import { RateLimiterClient } from '../rate-limiter-client.ts';
import { reservationSize } from '../slot-reservations.ts';
import { TopicListeners } from '../topic-listeners.ts';
import { type HubNode, MemoryHub } from './memory-hub.ts';

/**
 * The cluster of one process: every claim is granted, states are stored in a bounded cache. Several clusters with the
 * same hub behave as the gateways of a deployment do, for tests.
 */
export class MemoryCluster<S> implements Cluster<S>, SharedRateLimiter {
  readonly #hub: MemoryHub<S>;
  readonly #node: HubNode<S>;

  constructor({ hub = new MemoryHub<S>(), logger }: { hub?: MemoryHub<S>; logger?: ClusterLogger } = {}) {
    this.#hub = hub;
    const reserve = async (key: string, rate: number) => hub.reservations.reserve(key, rate, reservationSize(rate));
    this.#node = {
      listeners: new TopicListeners<S>(logger),
      limiter: new RateLimiterClient(reserve, logger),
      invalidations: new InvalidationListeners(logger),
    };
    hub.register(this.#node);
  }

  get health(): ClusterHealth {
    return this.#hub.nodes.size > 1 ? 'connected' : 'single';
  }

  subscribe(topic: string, listener: (published: Versioned<S>) => void): () => void {
    const leave = this.#node.listeners.add(topic, listener);
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

  async invalidate(ids: Iterable<string>): Promise<void> {
    this.#hub.invalidate(this.#node, new Set([...ids].filter(isTaskId)));
  }

  onInvalidate(listener: InvalidationListener): () => void {
    return this.#node.invalidations.add(listener);
  }

  tryConsume(key: string, ratePerSecond: number): Promise<number> {
    return this.#node.limiter.tryConsume(key, ratePerSecond);
  }

  pausedFor(key: string): number {
    return this.#node.limiter.pausedFor(key);
  }

  async pause(key: string, forMs: number): Promise<void> {
    if (this.#node.limiter.pause(key, forMs)) this.#hub.pause(this.#node, key, forMs);
  }

  onPause(listener: (key: string, forMs: number) => void): () => void {
    return this.#node.limiter.onPause(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#hub.nodes.delete(this.#node);
  }
}
