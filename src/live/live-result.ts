import type { ExecutionResult, GraphQLFormattedError } from 'graphql';
import { EncodedResult } from './encoded-result.ts';
import type { Completion, EarlyEnd, Subscriber } from './subscriber.ts';

/** The source of a live result. */
export interface LiveSource {
  /** The events of the subscription, in order. */
  readonly events: AsyncIterator<unknown>;
  /** How many keys there are. While fewer have a result, the live result is incomplete. */
  readonly expectedKeys: number;
  /** The key of an event. For a slow reader a newer result replaces an older one of the same key. */
  keyOf(event: unknown): string;
  /** Whether an event is an error about one key that a new subscription might not hit. */
  isTransientError(event: unknown): boolean;
  /** The event with the current state of its key. */
  refresh(event: unknown): unknown;
  /** Executes the operation for an event. */
  render(event: unknown): Promise<ExecutionResult> | ExecutionResult;
}

/** The result of a start: a source, or a result that ends the subscription at once. */
export type StartResult = LiveSource | ExecutionResult;

export interface LiveResultOptions {
  /** Starts the one execution. `subscribers` are its clients at present. */
  readonly start: (subscribers: ReadonlySet<Subscriber>) => Promise<StartResult>;
  /** The error that a caller may see. */
  readonly maskError: (error: unknown) => GraphQLFormattedError;
  /** Called once, when the execution has ended or lost its last subscriber: it takes no subscribers any more. */
  readonly onEnd: () => void;
}

interface CurrentResult {
  readonly event: unknown;
  readonly encoded: EncodedResult;
}

/**
 * How long an incomplete live result accepts subscribers, in ms. Short, so that each subscriber has (nearly) its full
 * grace for a task that is not found yet. After a transient error of a task the same window applies, because a new
 * subscription might find the task.
 */
const INCOMPLETE_JOIN_WINDOW_MS = 100;

/**
 * One execution of a subscription, shared by all clients with the same operation and access. Each result is computed
 * and serialised once, and delivered to every subscriber. A later subscriber gets the newest result of each key first.
 */
export class LiveResult {
  readonly #options: LiveResultOptions;
  readonly #subscribers = new Set<Subscriber>();
  readonly #startedAt = performance.now();
  /** The newest result of each key. */
  readonly #current = new Map<string, CurrentResult>();
  #source: LiveSource | null = null;
  #ended = false;

  constructor(options: LiveResultOptions) {
    this.#options = options;
    void this.#pump();
  }

  /** Whether a new subscriber may share this execution: it would see exactly the results of an execution of its own. */
  get acceptsSubscribers(): boolean {
    return !this.#ended && (performance.now() - this.#startedAt < INCOMPLETE_JOIN_WINDOW_MS || this.#isComplete());
  }

  get size(): number {
    return this.#subscribers.size;
  }

  /**
   * Delivers to `subscriber` from now on, the newest results first. If they cannot be computed, only this subscriber
   * ends, with the error. Returns an unsubscribe function.
   */
  subscribe(subscriber: Subscriber): (outcome?: EarlyEnd) => void {
    this.#subscribers.add(subscriber);
    try {
      for (const key of this.#current.keys()) subscriber.next(this.#currentEncoded(key), key);
    } catch (error) {
      this.#unsubscribe(subscriber);
      subscriber.end([this.#options.maskError(error)]);
    }
    return (outcome) => {
      subscriber.close(outcome);
      this.#unsubscribe(subscriber);
    };
  }

  /** Whether every key has a state. */
  #isComplete(): boolean {
    const source = this.#source;
    if (source === null || this.#current.size < source.expectedKeys) return false;
    return this.#current.values().every(({ event }) => !source.isTransientError(event));
  }

  async #pump(): Promise<void> {
    try {
      const started = await this.#options.start(this.#subscribers);
      if (!('events' in started)) return this.#end((started.errors ?? []).map(this.#options.maskError));
      this.#source = started;
      if (!this.#ended) await this.#publishAll(started);
      this.#end(null);
    } catch (error) {
      this.#end([this.#options.maskError(error)]);
    } finally {
      // The execution may have ended before its source, which would go on without a reader.
      void this.#source?.events.return?.();
    }
  }

  async #publishAll(source: LiveSource): Promise<void> {
    const { events } = source;
    for (let step = await events.next(); !step.done && !this.#ended; step = await events.next())
      this.#publish(source.keyOf(step.value), step.value, await source.render(step.value));
  }

  #publish(key: string, event: unknown, result: ExecutionResult): void {
    const encoded = this.#encode(result);
    this.#current.set(key, { event, encoded });
    for (const subscriber of this.#subscribers) subscriber.next(encoded, key);
  }

  /** The current result of a key: `checkedAt` and `nextCheckAt` move on without an event. */
  #currentEncoded(key: string): EncodedResult {
    const { event, encoded } = this.#current.get(key) as CurrentResult;
    const now = this.#source?.refresh(event);
    if (!this.#source || now === event) return encoded;
    const result = this.#source.render(now);
    if (result instanceof Promise) return encoded;
    const refreshed = this.#encode(result);
    this.#current.set(key, { event: now, encoded: refreshed });
    return refreshed;
  }

  #encode({ errors, ...result }: ExecutionResult): EncodedResult {
    return EncodedResult.of(errors ? { ...result, errors: errors.map(this.#options.maskError) } : result);
  }

  #end(completion: Completion): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.onEnd();
    const subscribers = [...this.#subscribers];
    this.#subscribers.clear();
    for (const subscriber of subscribers) subscriber.end(completion);
  }

  #unsubscribe(subscriber: Subscriber): void {
    if (this.#subscribers.delete(subscriber) && this.#subscribers.size === 0) this.#cancel();
  }

  /** The last subscriber has left: stops the execution. */
  #cancel(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.onEnd();
    void this.#source?.events.return?.();
  }
}
