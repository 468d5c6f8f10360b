import type { RateLimiterClient } from '../rate-limiter-client.ts';
import type { RedisKeys } from './redis-keys.ts';
import { PAUSE, PAUSES, REGISTER } from './redis-scripts.ts';
import type { RedisSession } from './redis-session.ts';

/** How often a gateway says that it is there, in ms; it counts as gone after two and a half times that. */
const HEARTBEAT_MS = 30_000;

/** What {@link RedisMembership} needs. */
export interface RedisMembershipOptions {
  readonly keys: RedisKeys;
  readonly sender: string;
  readonly limiter: RateLimiterClient;
}

/** What the gateways know of each other besides topics: how many they are, and which lanes are paused. */
export class RedisMembership {
  readonly #keys: RedisKeys;
  readonly #sender: string;
  readonly #limiter: RateLimiterClient;
  #count = 1;
  /** How often the number was told on the channel. */
  #lastPublished = 0;

  constructor({ keys, sender, limiter }: RedisMembershipOptions) {
    this.#keys = keys;
    this.#sender = sender;
    this.#limiter = limiter;
  }

  /** How many gateways there were when last heard of, this one included. */
  get count(): number {
    return this.#count;
  }

  /** Registers, which also proves that this Redis takes writes; then exchanges the pauses in force. */
  async restore(session: RedisSession): Promise<void> {
    await session.subscribe([this.#keys.membership]);
    await this.#register(session, 2.5 * HEARTBEAT_MS);
    const ownPauses = this.#limiter.pauses;
    const found = await session.run(PAUSES, [this.#keys.pauses], []);
    const flat: unknown[] = Array.isArray(found) ? found : [];
    for (let at = 0; at + 1 < flat.length; at += 2) this.#onPeerPause(String(flat[at]), Number(flat[at + 1]));
    await Promise.all(ownPauses.map(([lane, leftMs]) => this.pause(session, lane, leftMs)));
    const heartbeat = setInterval(
      () => this.#register(session, 2.5 * HEARTBEAT_MS).catch(() => undefined),
      HEARTBEAT_MS,
    ).unref();
    session.ended.addEventListener('abort', () => clearInterval(heartbeat), { once: true });
  }

  /** Signs off, so that the others know at once. */
  async leave(session: RedisSession): Promise<void> {
    await this.#register(session, 0);
  }

  async pause(session: RedisSession, lane: string, forMs: number): Promise<void> {
    const message = `pause:${Math.ceil(forMs)}:${this.#sender}:${lane}`;
    const args = [lane, Math.ceil(forMs), session.publishCommand, this.#keys.membership, message];
    await session.run(PAUSE, [this.#keys.pauses], args);
  }

  /** A message on any channel; false when it is not for this. Anything malformed is dropped. */
  receive(message: string, channel: string): boolean {
    if (channel !== this.#keys.membership) return false;
    const nodes = /^nodes:(\d{1,6})$/.exec(message)?.[1];
    if (nodes !== undefined) {
      this.#lastPublished += 1;
      this.#count = Math.max(1, Number(nodes));
    }
    const pause = /^pause:(\d{1,12}):([^:]{1,64}):(.+)$/s.exec(message);
    if (pause?.[3] && pause[2] !== this.#sender) this.#onPeerPause(pause[3], Number(pause[1]));
    return true;
  }

  async #register(session: RedisSession, ttlMs: number): Promise<void> {
    const args = [this.#sender, ttlMs, session.publishCommand, this.#keys.membership];
    const toldBefore = this.#lastPublished;
    const count = Number(await session.run(REGISTER, [this.#keys.nodes], args));
    // The channel, on a connection of its own, may be ahead of the reply, and tells of every change in order.
    if (ttlMs > 0 && count >= 1 && this.#lastPublished === toldBefore) this.#count = count;
  }

  #onPeerPause(lane: string, forMs: number): void {
    if (Number.isFinite(forMs) && forMs > 0) this.#limiter.onPeerPause(lane, forMs);
  }
}
