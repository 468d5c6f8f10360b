import type { RateLimiterClient } from '../rate-limiter-client.ts';
import type { RedisKeys } from './redis-keys.ts';
import { PAUSE, PAUSES, REGISTER } from './redis-scripts.ts';
import type { RedisSession } from './redis-session.ts';

/** How often a gateway registers, in ms. */
const HEARTBEAT_MS = 30_000;
/** A gateway counts as gone after this long without a heartbeat, in ms. */
const LIFETIME_MS = 2.5 * HEARTBEAT_MS;

/** The options of {@link RedisMembership}. */
export interface RedisMembershipOptions {
  readonly keys: RedisKeys;
  readonly sender: string;
  readonly limiter: RateLimiterClient;
}

/** The knowledge that gateways share besides topics: their number, and the paused keys of the rate limiter. */
export class RedisMembership {
  readonly #keys: RedisKeys;
  readonly #sender: string;
  readonly #limiter: RateLimiterClient;
  #session: RedisSession | null = null;
  #count = 1;
  /** How many messages with the number of gateways have arrived. */
  #countsReceived = 0;

  constructor({ keys, sender, limiter }: RedisMembershipOptions) {
    this.#keys = keys;
    this.#sender = sender;
    this.#limiter = limiter;
  }

  /** The last known number of gateways, this gateway included. */
  get count(): number {
    return this.#count;
  }

  /** Registers, which also proves that this Redis takes writes; then exchanges the pauses in force. */
  async restore(session: RedisSession): Promise<void> {
    this.#session = session;
    await session.subscribe([this.#keys.membership]);
    await this.#register(session, 'join');
    const ownPauses = this.#limiter.pauses;
    const found = await session.run(PAUSES, [this.#keys.pauses], []);
    const flat: unknown[] = Array.isArray(found) ? found : [];
    for (let at = 0; at + 1 < flat.length; at += 2) this.#onPeerPause(String(flat[at]), Number(flat[at + 1]));
    await Promise.all(ownPauses.map(([key, leftMs]) => this.pause(session, key, leftMs)));
    const heartbeat = setInterval(() => this.#register(session, 'join').catch(() => undefined), HEARTBEAT_MS).unref();
    session.ended.addEventListener('abort', () => clearInterval(heartbeat), { once: true });
  }

  /** Unregisters, so that the other gateways learn of it at once. */
  async leave(session: RedisSession): Promise<void> {
    this.#session = null;
    await this.#register(session, 'leave');
  }

  async pause(session: RedisSession, key: string, forMs: number): Promise<void> {
    const message = `pause:${Math.ceil(forMs)}:${this.#sender}:${key}`;
    const args = [key, Math.ceil(forMs), session.publishCommand, this.#keys.membership, message];
    await session.run(PAUSE, [this.#keys.pauses], args);
  }

  /** A message on any channel; false when the channel is not the membership channel. Drops malformed messages. */
  receive(message: string, channel: string): boolean {
    if (channel !== this.#keys.membership) return false;
    const nodes = /^nodes:(\d{1,6})$/.exec(message)?.[1];
    if (nodes !== undefined) this.#onCount(Math.max(1, Number(nodes)));
    const pause = /^pause:(\d{1,12}):([^:]{1,64}):(.{1,512})$/s.exec(message);
    if (pause?.[3] && pause[2] !== this.#sender) this.#onPeerPause(pause[3], Number(pause[1]));
    return true;
  }

  #onCount(count: number): void {
    const dropped = count < this.#count;
    this.#countsReceived += 1;
    this.#count = count;
    // A gateway has left, or Redis's clock has stepped forward and removed every gateway: then registering corrects this.
    if (dropped && this.#session) this.#register(this.#session, 'join').catch(() => undefined);
  }

  async #register(session: RedisSession, action: 'join' | 'leave'): Promise<void> {
    const args = [this.#sender, LIFETIME_MS, session.publishCommand, this.#keys.membership, action];
    const receivedBefore = this.#countsReceived;
    const count = Number(await session.run(REGISTER, [this.#keys.nodes], args));
    // The channel, on a connection of its own, may be ahead of the reply, and carries every change in order.
    if (action === 'join' && count >= 1 && this.#countsReceived === receivedBefore) this.#count = count;
  }

  #onPeerPause(key: string, forMs: number): void {
    if (Number.isFinite(forMs) && forMs > 0) this.#limiter.onPeerPause(key, forMs);
  }
}
