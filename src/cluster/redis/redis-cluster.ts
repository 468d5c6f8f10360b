import { randomUUID } from 'node:crypto';
import { parseRedisUrl } from '../../config/redis-url.ts';
import type {
  Cluster,
  ClusterHealth,
  ClusterLogger,
  InvalidationListener,
  SharedRateLimiter,
  Versioned,
} from '../contract.ts';
import { InvalidationListeners } from '../invalidation-listeners.ts';
import { claimExclusionMs, LocalClaims } from '../local-claims.ts';
import { RateLimiterClient } from '../rate-limiter-client.ts';
import { maxReservedAheadMs, type Reservation, reservationSize, SlotReservations } from '../slot-reservations.ts';
import { PubSubLivenessProbe } from './pub-sub-liveness-probe.ts';
import { RedisConnection } from './redis-connection.ts';
import { RedisCounts } from './redis-counts.ts';
import { encodeEnvelope, type StateCodec } from './redis-envelope.ts';
import { decodeInvalidation, encodeInvalidation } from './redis-invalidations.ts';
import { type RedisKeys, redisKeys, tickTtlMs } from './redis-keys.ts';
import { RedisMembership } from './redis-membership.ts';
import { CLAIM, PUBLISH, RESERVE } from './redis-scripts.ts';
import type { RedisSession } from './redis-session.ts';
import { RedisTopics } from './redis-topics.ts';

/** The options of {@link createRedisCluster}. */
export interface RedisClusterOptions<S> {
  /** See `parseRedisUrl` for its forms; any other text is a `TypeError`. */
  readonly url: string;
  /** Keys and channels begin with it. */
  readonly prefix?: string;
  readonly codec: StateCodec<S>;
  readonly logger?: ClusterLogger;
  /** No call waits longer for Redis than this, in ms. */
  readonly commandTimeoutMs?: number;
  /** Called at every change of health. Must not throw. */
  readonly onHealth?: (health: ClusterHealth) => void;
  readonly counts?: RedisCounts;
}

/**
 * Joins the cluster of all gateways with the same Redis (or Valkey) and prefix. Returns at once, `away` until connected,
 * and connects by itself however long it takes; `ready` resolves when the first attempt is over. The client is `redis`
 * (node-redis): the one Redis documents and recommends for Node, which also serves Valkey, Sentinel and Redis Cluster with
 * sharded pub/sub; ioredis is kept on a best-effort basis and points new projects to it.
 * https://redis.io/docs/latest/develop/clients/nodejs/, https://github.com/redis/ioredis#readme
 */
export function createRedisCluster<S>(options: RedisClusterOptions<S>): RedisCluster<S> {
  return new RedisCluster(options);
}

/**
 * The cluster on Redis. Per poll it costs one script to claim, one to publish and, with a rate, at most one to book the
 * call; a gateway that does not poll sends no command. While Redis is away every call answers at once without it.
 */
export class RedisCluster<S> implements Cluster<S>, SharedRateLimiter {
  readonly #sender = randomUUID();
  readonly #keys: RedisKeys;
  readonly #codec: StateCodec<S>;
  readonly #claims = new LocalClaims();
  readonly #localLimiter = new SlotReservations();
  readonly #limiter: RateLimiterClient;
  readonly #invalidations: InvalidationListeners;
  readonly #topics: RedisTopics<S>;
  readonly #gateways: RedisMembership;
  readonly #connection: RedisConnection;
  #probe: PubSubLivenessProbe | null = null;
  #closed: Promise<void> | null = null;

  constructor(options: RedisClusterOptions<S>) {
    const { url, prefix = 'video-task-gateway', codec, logger, commandTimeoutMs = 500, onHealth } = options;
    const { counts = new RedisCounts() } = options;
    this.#keys = redisKeys(prefix, codec.format);
    this.#codec = codec;
    this.#limiter = new RateLimiterClient((key, rate) => this.#reserve(key, rate), logger);
    this.#invalidations = new InvalidationListeners(logger);
    const shared = { keys: this.#keys, sender: this.#sender };
    this.#topics = new RedisTopics({ ...shared, codec, logger });
    this.#gateways = new RedisMembership({ ...shared, limiter: this.#limiter });
    this.#connection = new RedisConnection({
      target: parseRedisUrl(url),
      commandTimeoutMs,
      counts,
      logger,
      onMessage: (message, channel) => this.#receive(message, channel),
      onConnected: (connected) => onHealth?.(connected ? 'connected' : 'away'),
      restore: (session) => this.#restore(session),
    });
  }

  get health(): ClusterHealth {
    return this.#connection.session ? 'connected' : 'away';
  }

  /** Resolves when the first attempt to reach Redis is over, in bounded time, whether it succeeded or not. */
  get ready(): Promise<void> {
    return this.#connection.attempted;
  }

  /** The last known number of gateways, this gateway included. */
  get gateways(): number {
    return this.#gateways.count;
  }

  subscribe(topic: string, listener: (published: Versioned<S>) => void): () => void {
    return this.#topics.subscribe(topic, listener);
  }

  read(topic: string): Promise<Versioned<S> | null> {
    return this.#topics.read(topic);
  }

  async claim(topic: string, intervalMs: number, after: number): Promise<number | null> {
    const ttl = tickTtlMs(intervalMs);
    const args = [claimExclusionMs(intervalMs), after, ttl.withoutState, ttl.withState];
    const keys = [this.#keys.tick(topic), this.#keys.state(topic)] as const;
    const answer = await this.#tryRun((session) => session.run(CLAIM, keys, args));
    if (!answer) return this.#claims.grant(topic, after);
    const version = answer.reply === null ? null : Number(answer.reply);
    if (version !== null) this.#claims.note(topic, version);
    // The gateway with the tick will publish: a missing message is a reason to probe the subscriptions.
    else if (this.#topics.has(topic)) this.#probe?.expectMessage();
    return version;
  }

  async publish(topic: string, published: Versioned<S>, rememberMs: number): Promise<void> {
    this.#topics.advanceVersion(topic, published.version);
    const ttlMs = Math.max(0, Math.ceil(rememberMs));
    const text = encodeEnvelope({ ...published, sender: this.#sender, ttlMs }, this.#codec);
    const channel = this.#keys.updates(topic);
    const answer = await this.#tryRun((session) => {
      const args = [published.version, text, ttlMs, session.publishCommand, channel];
      return session.run(PUBLISH, [this.#keys.state(topic)], args);
    });
    if (answer?.reply === 1 && this.#topics.has(topic)) this.#probe?.expectMessage();
  }

  async invalidate(ids: Iterable<string>): Promise<void> {
    const messages = encodeInvalidation(this.#sender, ids);
    const channel = this.#keys.membership;
    await this.#tryRun((session) => Promise.all(messages.map((message) => session.publish(channel, message))));
  }

  onInvalidate(listener: InvalidationListener): () => void {
    return this.#invalidations.add(listener);
  }

  tryConsume(key: string, ratePerSecond: number): Promise<number> {
    return this.#limiter.tryConsume(key, ratePerSecond);
  }

  pausedFor(key: string): number {
    return this.#limiter.pausedFor(key);
  }

  async pause(key: string, forMs: number): Promise<void> {
    if (this.#limiter.pause(key, forMs)) await this.#tryRun((session) => this.#gateways.pause(session, key, forMs));
  }

  onPause(listener: (key: string, forMs: number) => void): () => void {
    return this.#limiter.onPause(listener);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#tryRun((session) => this.#gateways.leave(session));
    await this.#connection[Symbol.asyncDispose]();
  }

  /** The reply to a command, or null when Redis is away or did not answer: then its effect is unknown. */
  async #tryRun(command: (session: RedisSession) => Promise<unknown>): Promise<{ reply: unknown } | null> {
    const { session } = this.#connection;
    if (!session) return null;
    try {
      return { reply: await command(session) };
    } catch {
      // The session has ended with this error, and the connection logs the end.
      return null;
    }
  }

  async #restore(session: RedisSession): Promise<void> {
    const echo = this.#keys.echo(this.#sender);
    this.#probe = new PubSubLivenessProbe(session, echo);
    await session.subscribe([echo]);
    await this.#gateways.restore(session);
    await this.#topics.restore(session);
  }

  #receive(message: string, channel: string): void {
    this.#probe?.onMessage(channel);
    if (this.#topics.receive(message, channel) || !this.#gateways.receive(message, channel)) return;
    const invalidation = decodeInvalidation(message);
    if (invalidation && invalidation.sender !== this.#sender) this.#invalidations.notify(invalidation.ids);
  }

  async #reserve(key: string, ratePerSecond: number): Promise<Reservation> {
    const calls = reservationSize(ratePerSecond);
    const args = [1000 / ratePerSecond, calls, maxReservedAheadMs(ratePerSecond, this.#gateways.count)];
    const answer = await this.#tryRun((session) => session.run(RESERVE, [this.#keys.rate(key)], args));
    if (answer) return { delayMs: Number(answer.reply), calls };
    const share = ratePerSecond / this.#gateways.count;
    return this.#localLimiter.reserve(key, share, reservationSize(share));
  }
}
