import type { ClusterLogger, Versioned } from '../contract.ts';
import { TopicListeners } from '../topic-listeners.ts';
import { decodeEnvelope, type StateCodec } from './redis-envelope.ts';
import type { RedisKeys } from './redis-keys.ts';
import { READ } from './redis-scripts.ts';
import type { RedisSession } from './redis-session.ts';
import { RepeatLog } from './repeat-log.ts';

/** How many topics are restored at once; each batch is bounded as one command is. */
const RESTORED_AT_ONCE = 500;

/** The options of {@link RedisTopics}. */
export interface RedisTopicsOptions<S> {
  readonly keys: RedisKeys;
  readonly codec: StateCodec<S>;
  readonly sender: string;
  readonly logger: ClusterLogger | undefined;
}

/**
 * The topics this process listens to: one channel each, subscribed while the topic has a listener. Each time a
 * subscription begins, and only once it is live, the stored state is read, so that no state published before is missed.
 */
export class RedisTopics<S> {
  readonly #keys: RedisKeys;
  readonly #codec: StateCodec<S>;
  readonly #sender: string;
  readonly #malformed: RepeatLog;
  readonly #listeners: TopicListeners<S>;
  readonly #loading = new Map<string, Promise<Versioned<S> | null>>();
  readonly #topicOf = new Map<string, string>();
  #session: RedisSession | null = null;

  constructor({ keys, codec, sender, logger }: RedisTopicsOptions<S>) {
    this.#keys = keys;
    this.#codec = codec;
    this.#sender = sender;
    this.#malformed = new RepeatLog((dropped) => logger?.warn({ dropped }, 'malformed states dropped'));
    this.#listeners = new TopicListeners(logger);
  }

  has(topic: string): boolean {
    return this.#listeners.has(topic);
  }

  /** `Cluster.subscribe`. The listener counts at once; the subscription follows when Redis can be reached. */
  subscribe(topic: string, listener: (published: Versioned<S>) => void): () => void {
    const first = !this.#listeners.has(topic);
    const leave = this.#listeners.add(topic, listener);
    if (first) {
      this.#topicOf.set(this.#keys.updates(topic), topic);
      if (this.#session) this.#subscribeChannel(this.#session, [topic]).catch(() => undefined);
    }
    return () => {
      if (leave()) this.#unsubscribeChannel(topic);
    };
  }

  /** `Cluster.read`. While a subscription of the topic begins, it shares the read of the stored state. */
  async read(topic: string): Promise<Versioned<S> | null> {
    if (!this.#session) return null;
    return this.#loading.get(topic) ?? this.#readLast(this.#session, topic);
  }

  /** Notes a state that this process published, so that listeners get no older state after it. */
  advanceVersion(topic: string, version: number): void {
    this.#listeners.advanceVersion(topic, version);
  }

  /** Takes a new session: subscribes every topic, then reads the stored states and notifies the listeners. */
  async restore(session: RedisSession): Promise<void> {
    this.#session = session;
    this.#loading.clear();
    const topics = [...this.#listeners.topics];
    for (let at = 0; at < topics.length; at += RESTORED_AT_ONCE) {
      const some = topics.slice(at, at + RESTORED_AT_ONCE).filter((topic) => this.#listeners.has(topic));
      if (some.length > 0) await this.#subscribeChannel(session, some);
      session.ended.throwIfAborted();
    }
  }

  /** A message on any channel; false when the channel belongs to no topic. */
  receive(message: string, channel: string): boolean {
    const topic = this.#topicOf.get(channel);
    if (topic === undefined) return false;
    this.#decode(topic, message);
    return true;
  }

  async #subscribeChannel(session: RedisSession, topics: readonly string[]): Promise<void> {
    const subscribed = session.subscribe(topics.map((topic) => this.#keys.updates(topic)));
    await Promise.all(topics.map((topic) => this.#loadAfterSubscribe(session, topic, subscribed)));
  }

  async #loadAfterSubscribe(session: RedisSession, topic: string, subscribed: Promise<unknown>): Promise<void> {
    const caughtUp = subscribed.then(() => this.#readLast(session, topic)).catch(() => null);
    this.#loading.set(topic, caughtUp);
    await caughtUp;
    if (this.#loading.get(topic) === caughtUp) this.#loading.delete(topic);
  }

  async #readLast(session: RedisSession, topic: string): Promise<Versioned<S> | null> {
    // A failed read answers null, because its session has ended.
    const reply = await session.run(READ, [this.#keys.state(topic)], []).catch(() => null);
    return Array.isArray(reply) ? this.#decode(topic, String(reply[0]), Number(reply[1])) : null;
  }

  /** @param ttlLeftMs of a stored state; undefined for a state that has just been published */
  #decode(topic: string, text: string, ttlLeftMs?: number): Versioned<S> | null {
    const envelope = decodeEnvelope({ text, topic, ttlLeftMs }, this.#codec);
    if (!envelope) {
      this.#malformed.add('malformed');
      return null;
    }
    const published = { version: envelope.version, state: envelope.state };
    if (envelope.sender !== this.#sender) this.#listeners.notify(topic, published);
    return published;
  }

  #unsubscribeChannel(topic: string): void {
    const channel = this.#keys.updates(topic);
    this.#topicOf.delete(channel);
    this.#loading.delete(topic);
    this.#session?.unsubscribe(channel).catch(() => undefined);
  }
}
