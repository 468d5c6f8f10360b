import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClusterLogger } from '../contract.ts';
import { failureReason } from './redis-failure.ts';
import { RedisSession, type RedisSessionOptions } from './redis-session.ts';
import { RepeatLog } from './repeat-log.ts';

/** The options of {@link RedisConnection}. */
export interface RedisConnectionOptions extends RedisSessionOptions {
  /** Makes a new session useful: subscriptions, catching up. Until it resolves the session is not handed out. */
  readonly restore: (session: RedisSession) => Promise<void>;
  readonly onConnected: (connected: boolean) => void;
  readonly logger: ClusterLogger | undefined;
}

/** A session that ends sooner than this, in ms, counts as a failure to connect, so that a faulty Redis is not hammered. */
const SETTLED_MS = 5000;

/** Waits 25 to 50 ms after the first failure, and twice as long after each further one, up to 250 to 500 ms. */
function retryDelayMs(failures: number): number {
  return Math.min(500, 50 * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2);
}

/** Keeps a session open: whenever one ends, the next is opened and restored, for as long as it takes. */
export class RedisConnection implements AsyncDisposable {
  readonly #options: RedisConnectionOptions;
  readonly #stop = new AbortController();
  readonly #firstAttempt = Promise.withResolvers<void>();
  readonly #running: Promise<void>;
  #session: RedisSession | null = null;
  #restored = false;
  #everConnected = false;
  readonly #failures: RepeatLog;
  /** Since when Redis is away, on the monotonic clock in ms. */
  #awaySince = performance.now();

  constructor(options: RedisConnectionOptions) {
    this.#options = options;
    options.counts.onAway();
    this.#failures = new RepeatLog((failures, reason, repeated) => {
      const event = repeated
        ? 'redis is still away'
        : this.#everConnected
          ? 'redis is away'
          : 'redis cannot be reached';
      options.logger?.warn({ reason, failures }, `${event}, polling on our own`);
    });
    this.#running = this.#run();
  }

  /** The restored session, or null while Redis is away. */
  get session(): RedisSession | null {
    return this.#restored && this.#session?.ended.aborted === false ? this.#session : null;
  }

  /** Resolves when the first attempt to connect is over, successful or not. Never rejects. */
  get attempted(): Promise<void> {
    return this.#firstAttempt.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#session?.[Symbol.dispose]();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#stop.signal.aborted; failures += 1) {
      const session = await this.#attempt();
      this.#firstAttempt.resolve();
      const since = performance.now();
      if (session) await this.#live(session);
      if (performance.now() - since > SETTLED_MS) failures = 0;
      await delay(retryDelayMs(failures), undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  async #attempt(): Promise<RedisSession | null> {
    const { restore } = this.#options;
    const stop = this.#stop.signal;
    try {
      const session = await RedisSession.open(this.#options, stop);
      this.#session = session;
      stop.throwIfAborted();
      await restore(session);
      session.ended.throwIfAborted();
      return session;
    } catch (error) {
      this.#session?.[Symbol.dispose]();
      if (!stop.aborted) this.#failures.add(failureReason(error));
      return null;
    }
  }

  async #live(session: RedisSession): Promise<void> {
    const { onConnected, counts } = this.#options;
    const ended = once(session.ended, 'abort');
    this.#restored = true;
    counts.onConnected();
    this.#logConnected();
    this.#everConnected = true;
    onConnected(true);
    await ended;
    this.#restored = false;
    counts.onAway();
    this.#awaySince = performance.now();
    if (!this.#stop.signal.aborted) this.#failures.add(failureReason(session.ended.reason));
    onConnected(false);
  }

  /** The first connection is a line, and each further one after a line about its outage. */
  #logConnected(): void {
    const failures = this.#failures.end() ?? (this.#everConnected ? null : {});
    const awayForMs = Math.round(performance.now() - this.#awaySince);
    if (failures) this.#options.logger?.info({ awayForMs, failures }, 'redis connected');
  }
}
