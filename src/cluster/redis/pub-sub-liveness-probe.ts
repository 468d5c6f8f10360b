import type { RedisSession } from './redis-session.ts';

/** How long the subscriptions may be silent before they are tried, in ms. */
const QUIET_MS = 15_000;
/** How often the need for a probe is checked, in ms; a check costs no command. */
const CHECK_MS = 1000;
/** How long a message that is due may take before its absence is a reason to look, in ms. */
const DUE_MS = 1000;

/**
 * Finds subscriptions that look healthy and deliver no message, as when their server is frozen or a firewall has forgotten the
 * connection: a message to oneself must come back within the command time-out, else the session ends. One goes out when
 * a message that should have come has not, or after 15 s of silence; where updates flow it costs no command at all.
 */
export class PubSubLivenessProbe implements Disposable {
  readonly #session: RedisSession;
  readonly #channel: string;
  readonly #timer: NodeJS.Timeout;
  #receivedAt = performance.now();
  #pingedAt = performance.now();
  #expectedSince: number | null = null;
  #echo: PromiseWithResolvers<void> | null = null;

  constructor(session: RedisSession, channel: string) {
    this.#session = session;
    this.#channel = channel;
    this.#timer = setInterval(() => this.#check(), CHECK_MS).unref();
    session.ended.addEventListener('abort', () => this[Symbol.dispose](), { once: true });
  }

  /** Some message arrived. */
  onMessage(channel: string): void {
    this.#receivedAt = performance.now();
    this.#expectedSince = null;
    if (channel === this.#channel) this.#echo?.resolve();
  }

  /** A message is due: the publication of this gateway, or of the gateway that was granted the tick. */
  expectMessage(): void {
    this.#expectedSince ??= performance.now();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #check(): void {
    const now = performance.now();
    const overdue = this.#expectedSince !== null && now - this.#expectedSince > DUE_MS;
    if (!this.#echo && (overdue || now - this.#receivedAt > QUIET_MS)) this.#probe().catch(() => undefined);
    // In a Redis Cluster the health of one connection does not prove the health of the other connections.
    if (this.#session.publishCommand === 'SPUBLISH' && now - this.#pingedAt > QUIET_MS) {
      this.#pingedAt = now;
      this.#session.pingSubscribers().catch(() => undefined);
    }
  }

  async #probe(): Promise<void> {
    const echo = Promise.withResolvers<void>();
    this.#echo = echo;
    try {
      await this.#session.publish(this.#channel, 'echo');
      await this.#session.expect(echo.promise);
    } finally {
      this.#echo = null;
    }
  }
}
