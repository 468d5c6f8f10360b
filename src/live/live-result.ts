import type { ExecutionResult, GraphQLFormattedError } from 'graphql';
import { EncodedResult } from './encoded-result.ts';
import type { Completion, Subscriber } from './subscriber.ts';

/** Where the results of a live result come from. */
export interface LiveSource {
  /** What happens, one event after the other. */
  readonly events: AsyncIterator<unknown>;
  /** How many slots there are: with fewer shown, something is still missing. */
  readonly expectedKeys: number;
  /** What an event is about: for a slow reader a newer one takes the place of an older one of the same slot. */
  keyOf(event: unknown): string;
  /** Whether a slot has ended with a fault that somebody who asks anew need not run into. */
  isTransientError(event: unknown): boolean;
  /** The same event with what is known by now. */
  refresh(event: unknown): unknown;
  /** Executes the operation for an event. */
  render(event: unknown): Promise<ExecutionResult> | ExecutionResult;
}

/** What a started operation yields: a source of results, or at once the reason why there is none. */
export type StartResult = LiveSource | ExecutionResult;

export interface LiveResultOptions {
  /** Starts the one execution. */
  readonly start: () => Promise<StartResult>;
  /** What a caller may see of an error. */
  readonly format: (error: unknown) => GraphQLFormattedError;
  /** It has ended, or nobody is left: nobody may join any more. */
  readonly onEnd: () => void;
}

interface CurrentResult {
  readonly event: unknown;
  readonly encoded: EncodedResult;
}

/**
 * While something is missing a live result takes joiners only this long, so that each gets its own grace in full; with
 * a fault too, since what it was about may be there for whoever asks later.
 */
const INCOMPLETE_JOIN_WINDOW_MS = 100;

/**
 * One execution of one subscription, for all clients that ask the same: each result is computed and serialised once
 * and handed to every member; a later member gets the newest one of every slot at once.
 */
export class LiveResult {
  readonly #options: LiveResultOptions;
  readonly #subscribers = new Set<Subscriber>();
  readonly #startedAt = performance.now();
  /** The newest result of every slot. */
  readonly #current = new Map<string, CurrentResult>();
  #source: LiveSource | null = null;
  #ended = false;

  constructor(options: LiveResultOptions) {
    this.#options = options;
    void this.#pump();
  }

  /** Whether whoever joins now gets what an execution of their own would show them. */
  get acceptsSubscribers(): boolean {
    return !this.#ended && (performance.now() - this.#startedAt < INCOMPLETE_JOIN_WINDOW_MS || this.#isComplete());
  }

  get size(): number {
    return this.#subscribers.size;
  }

  /**
   * Delivers to `member` from now on, the newest results first; one that cannot be given those ends with the error.
   * Undo with the returned function.
   */
  subscribe(member: Subscriber): () => void {
    this.#subscribers.add(member);
    try {
      for (const slot of this.#current.keys()) member.next(this.#currentEncoded(slot), slot);
    } catch (error) {
      this.#unsubscribe(member);
      member.end([this.#options.format(error)]);
    }
    return () => {
      member.close();
      this.#unsubscribe(member);
    };
  }

  /** Whether there is a state of everything. */
  #isComplete(): boolean {
    const source = this.#source;
    if (source === null || this.#current.size < source.expectedKeys) return false;
    return this.#current.values().every(({ event }) => !source.isTransientError(event));
  }

  async #pump(): Promise<void> {
    try {
      const started = await this.#options.start();
      if (!('events' in started)) return this.#end((started.errors ?? []).map(this.#options.format));
      this.#source = started;
      if (!this.#ended) await this.#publishAll(started);
      this.#end(null);
    } catch (error) {
      this.#end([this.#options.format(error)]);
    } finally {
      // It may be over here while the source would go on, for nobody.
      void this.#source?.events.return?.();
    }
  }

  async #publishAll(source: LiveSource): Promise<void> {
    const { events } = source;
    for (let step = await events.next(); !step.done && !this.#ended; step = await events.next())
      this.#publish(source.keyOf(step.value), step.value, await source.render(step.value));
  }

  #publish(slot: string, event: unknown, result: ExecutionResult): void {
    const encoded = this.#encode(result);
    this.#current.set(slot, { event, encoded });
    for (const member of this.#subscribers) member.next(encoded, slot);
  }

  /** What a slot shows now: when it was checked and will be again moves on without an event. */
  #currentEncoded(slot: string): EncodedResult {
    const { event, encoded } = this.#current.get(slot) as CurrentResult;
    const now = this.#source?.refresh(event);
    if (!this.#source || now === event) return encoded;
    const result = this.#source.render(now);
    if (result instanceof Promise) return encoded;
    const refreshed = this.#encode(result);
    this.#current.set(slot, { event: now, encoded: refreshed });
    return refreshed;
  }

  #encode({ errors, ...result }: ExecutionResult): EncodedResult {
    return EncodedResult.of(errors ? { ...result, errors: errors.map(this.#options.format) } : result);
  }

  #end(ending: Completion): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.onEnd();
    const members = [...this.#subscribers];
    this.#subscribers.clear();
    for (const member of members) member.end(ending);
  }

  #unsubscribe(member: Subscriber): void {
    if (this.#subscribers.delete(member) && this.#subscribers.size === 0) this.#cancel();
  }

  /** Nobody is left: stops the execution. */
  #cancel(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.onEnd();
    void this.#source?.events.return?.();
  }
}
