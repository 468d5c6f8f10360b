import type { RedisTarget } from '../../config/redis-url.ts';
import { openClusterLink } from './redis-cluster-link.ts';
import type { RedisCounts } from './redis-counts.ts';
import { isWrongType } from './redis-failure.ts';
import type { RedisLink } from './redis-link.ts';
import { openPlainLink } from './redis-plain-link.ts';
import type { RedisScript } from './redis-scripts.ts';
import { findMaster } from './redis-sentinel.ts';
import { withTimeout } from './with-timeout.ts';

/** How to open a {@link RedisSession}. */
export interface RedisSessionOptions {
  readonly target: RedisTarget;
  /** No single wait on Redis is longer; opening may take twice as long, and at least a second. */
  readonly commandTimeoutMs: number;
  readonly onMessage: (message: string, channel: string) => void;
  readonly counts: RedisCounts;
}

/**
 * A link with a bound on every wait and one way to end: the first command that fails or is not answered in time ends
 * the session, and with it everything under way, so that a Redis that hangs costs one time-out and not one per command.
 * A key of the wrong type fails only the command that met it.
 */
export class RedisSession implements Disposable {
  readonly #link: RedisLink;
  readonly #commandTimeoutMs: number;
  readonly #counts: RedisCounts;
  readonly #ended: AbortController;

  private constructor(
    link: RedisLink,
    { commandTimeoutMs, counts }: Pick<RedisSessionOptions, 'commandTimeoutMs' | 'counts'>,
    ended: AbortController,
  ) {
    this.#link = link;
    this.#commandTimeoutMs = commandTimeoutMs;
    this.#counts = counts;
    this.#ended = ended;
    if (ended.signal.aborted) link.destroy();
    else ended.signal.addEventListener('abort', () => link.destroy(), { once: true });
  }

  /** Connects, or rejects in bounded time and leaves no connection open. */
  static async open(
    { target, commandTimeoutMs, onMessage, counts }: RedisSessionOptions,
    stop: AbortSignal,
  ): Promise<RedisSession> {
    const connectTimeoutMs = Math.max(1000, 2 * commandTimeoutMs);
    const ended = new AbortController();
    const tooLate = new AbortController();
    const abandon = () => tooLate.abort();
    const onDown = (cause: Error) => ended.abort(cause);
    const events = { onMessage, onDown, connectTimeoutMs, signal: tooLate.signal };
    stop.addEventListener('abort', abandon, { once: true });
    try {
      const link = await withTimeout(connectTimeoutMs, openLink(target, events));
      return new RedisSession(link, { commandTimeoutMs, counts }, ended);
    } catch (error) {
      abandon();
      throw error;
    } finally {
      stop.removeEventListener('abort', abandon);
    }
  }

  /** Aborted, with the cause as its reason, when the session is over. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  get publishCommand(): 'PUBLISH' | 'SPUBLISH' {
    return this.#link.publishCommand;
  }

  /** Runs a script; the first key says on which node of a Redis Cluster. */
  run(script: RedisScript, keys: readonly [string, ...string[]], args: readonly (string | number)[]): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args.map(String)];
    return this.#command(async () => {
      try {
        return await this.#link.send(keys[0], ['EVALSHA', script.sha1, ...rest]);
      } catch (error) {
        // The first word of an error reply is its code: https://redis.io/docs/latest/develop/reference/protocol-spec/
        if (!(error instanceof Error && error.message.startsWith('NOSCRIPT '))) throw error;
        return this.#link.send(keys[0], ['EVAL', script.source, ...rest]);
      }
    });
  }

  publish(channel: string, message: string): Promise<unknown> {
    return this.#command(() => this.#link.send(channel, [this.#link.publishCommand, channel, message]));
  }

  subscribe(channels: readonly string[]): Promise<unknown> {
    return this.#command(() => this.#link.subscribe(channels));
  }

  unsubscribe(channel: string): Promise<unknown> {
    return this.#command(() => this.#link.unsubscribe(channel));
  }

  pingSubscribers(): Promise<unknown> {
    return this.#command(() => this.#link.pingSubscribers());
  }

  /** Waits for something that only a live session brings about, and ends the session if it does not come. */
  expect<T>(promise: Promise<T>): Promise<T> {
    return this.#bounded(() => promise);
  }

  [Symbol.dispose](): void {
    this.#ended.abort(new Error('closed'));
  }

  #command<T>(send: () => Promise<T>): Promise<T> {
    this.#counts.roundTrips += 1;
    return this.#bounded(send);
  }

  async #bounded<T>(start: () => Promise<T>): Promise<T> {
    this.#ended.signal.throwIfAborted();
    try {
      return await withTimeout(this.#commandTimeoutMs, start());
    } catch (error) {
      if (!isWrongType(error)) this.#ended.abort(error);
      throw error;
    }
  }
}

type Events = Parameters<typeof openPlainLink>[2];

async function openLink(target: RedisTarget, events: Events): Promise<RedisLink> {
  if (target.kind === 'cluster') return openClusterLink(target, events);
  const endpoint = target.kind === 'sentinel' ? await findMaster(target, events) : target.endpoints[0];
  events.signal.throwIfAborted();
  return openPlainLink(target, endpoint, events);
}
