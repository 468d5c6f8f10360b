import type { ClusterLogger, Versioned } from '../contract.ts';
import { TopicListeners } from '../topic-listeners.ts';
import { decodeEnvelope, type StateCodec } from './redis-envelope.ts';
import type { RedisKeys } from './redis-keys.ts';
import type { RedisSession } from './redis-session.ts';

/** How many topics are restored in one go; each go is bounded as one command is. */
const RESTORED_AT_ONCE = 500;

/** What {@link RedisTopics} needs. */
export interface RedisTopicsOptions<S> {
  readonly keys: RedisKeys;
  readonly codec: StateCodec<S>;
  readonly sender: string;
  readonly logger: ClusterLogger | undefined;
}

/**
 * The topics this process listens to: one channel each, subscribed while somebody listens. Each time a subscription
 * begins, and only once it is live, the remembered state is read, so nothing published before it is missed.
 */
export class RedisTopics<S> {
  readonly #keys: RedisKeys;
  readonly #codec: StateCodec<S>;
  readonly #sender: string;
  readonly #logger: ClusterLogger | undefined;
  readonly #listeners: TopicListeners<S>;
  readonly #loading = new Map<string, Promise<Versioned<S> | null>>();
  readonly #topicOf = new Map<string, string>();
  #session: RedisSession | null = null;

  constructor({ keys, codec, sender, logger }: RedisTopicsOptions<S>) {
    this.#keys = keys;
    this.#codec = codec;
    this.#sender = sender;
    this.#logger = logger;
    this.#listeners = new TopicListeners(logger);
  }

  has(topic: string): boolean {
    return this.#listeners.has(topic);
  }

  /** `Cluster.join`. Listening begins at once; the subscription follows when it can. */
  subscribe(topic: string, hear: (published: Versioned<S>) => void): () => void {
    const first = !this.#listeners.has(topic);
    const leave = this.#listeners.add(topic, hear);
    if (first) {
      this.#topicOf.set(this.#keys.updates(topic), topic);
      if (this.#session) this.#subscribeChannel(this.#session, [topic]).catch(() => undefined);
    }
    return () => {
      if (leave()) this.#unsubscribeChannel(topic);
    };
  }

  /** `Cluster.read`: for a topic that is just being subscribed, what catching up on it brings. */
  async read(topic: string): Promise<Versioned<S> | null> {
    if (!this.#session) return null;
    return this.#loading.get(topic) ?? this.#readLast(this.#session, topic);
  }

  /** Notes a state of one's own, so that nothing older is heard after it. */
  advanceVersion(topic: string, version: number): void {
    this.#listeners.advanceVersion(topic, version);
  }

  /** Takes a new session: subscribes every topic, then reads and tells what was remembered meanwhile. */
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

  /** A message on any channel; false when it is none of a topic's. */
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
    // A failed read ends the session; to whoever asked, nothing is remembered.
    const text = await session.get(this.#keys.state(topic)).catch(() => null);
    return text === null ? null : this.#decode(topic, text);
  }

  #decode(topic: string, text: string): Versioned<S> | null {
    const envelope = decodeEnvelope(text, this.#codec, topic);
    if (!envelope) {
      this.#logger?.warn({ length: text.length }, 'a malformed state was dropped');
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
