import type { ExecutionResult, GraphQLFormattedError } from 'graphql';
import type { Delivery, Ending } from './delivery.ts';
import { ResultFrame } from './result-frame.ts';

/** Where the results of a live result come from. */
export interface LiveSource {
  /** What happens, one event after the other. */
  readonly events: AsyncIterator<unknown>;
  /** How many slots there are: with fewer shown, something is still missing. */
  readonly slots: number;
  /** What an event is about: for a slow reader a newer one takes the place of an older one of the same slot. */
  slotOf(event: unknown): string;
  /** Whether a slot has ended with a fault that somebody who asks anew need not run into. */
  isFault(event: unknown): boolean;
  /** The same event with what is known by now. */
  refresh(event: unknown): unknown;
  /** Executes the operation for an event. */
  render(event: unknown): Promise<ExecutionResult> | ExecutionResult;
}

/** What a started operation yields: a source of results, or at once the reason why there is none. */
export type Started = LiveSource | ExecutionResult;

export interface LiveResultOptions {
  /** Starts the one execution. */
  readonly start: () => Promise<Started>;
  /** What a caller may see of an error. */
  readonly format: (error: unknown) => GraphQLFormattedError;
  /** It has ended, or nobody is left: nobody may join any more. */
  readonly onEnd: () => void;
}

interface Shown {
  readonly event: unknown;
  readonly frame: ResultFrame;
}

/**
 * While something is missing a live result takes joiners only this long, so that each gets its own grace in full; with
 * a fault too, since what it was about may be there for whoever asks later.
 */
const JOINABLE_UNANSWERED_MS = 100;

/**
 * One execution of one subscription, for all clients that ask the same: each result is computed and serialised once
 * and handed to every member; a later member gets the newest one of every slot at once.
 */
export class LiveResult {
  readonly #options: LiveResultOptions;
  readonly #members = new Set<Delivery>();
  readonly #startedAt = performance.now();
  /** The newest result of every slot. */
  readonly #shown = new Map<string, Shown>();
  #source: LiveSource | null = null;
  #ended = false;

  constructor(options: LiveResultOptions) {
    this.#options = options;
    void this.#pump();
  }

  /** Whether whoever joins now gets what an execution of their own would show them. */
  get joinable(): boolean {
    return !this.#ended && (performance.now() - this.#startedAt < JOINABLE_UNANSWERED_MS || this.#answered());
  }

  get size(): number {
    return this.#members.size;
  }

  /**
   * Delivers to `member` from now on, the newest results first; one that cannot be given those ends with the error.
   * Undo with the returned function.
   */
  join(member: Delivery): () => void {
    this.#members.add(member);
    try {
      for (const slot of this.#shown.keys()) member.next(this.#current(slot), slot);
    } catch (error) {
      this.#leave(member);
      member.end([this.#options.format(error)]);
    }
    return () => {
      member.close();
      this.#leave(member);
    };
  }

  /** Whether there is a state of everything. */
  #answered(): boolean {
    const source = this.#source;
    if (source === null || this.#shown.size < source.slots) return false;
    return this.#shown.values().every(({ event }) => !source.isFault(event));
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
      this.#publish(source.slotOf(step.value), step.value, await source.render(step.value));
  }

  #publish(slot: string, event: unknown, result: ExecutionResult): void {
    const frame = ResultFrame.of(result, this.#options.format);
    this.#shown.set(slot, { event, frame });
    for (const member of this.#members) member.next(frame, slot);
  }

  /** What a slot shows now: when it was checked and will be again moves on without an event. */
  #current(slot: string): ResultFrame {
    const { event, frame } = this.#shown.get(slot) as Shown;
    const now = this.#source?.refresh(event);
    if (!this.#source || now === event) return frame;
    const result = this.#source.render(now);
    if (result instanceof Promise) return frame;
    const refreshed = ResultFrame.of(result, this.#options.format);
    this.#shown.set(slot, { event: now, frame: refreshed });
    return refreshed;
  }

  #end(ending: Ending): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.onEnd();
    const members = [...this.#members];
    this.#members.clear();
    for (const member of members) member.end(ending);
  }

  #leave(member: Delivery): void {
    if (this.#members.delete(member) && this.#members.size === 0) this.#abandon();
  }

  /** Nobody is left: stops the execution. */
  #abandon(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.onEnd();
    void this.#source?.events.return?.();
  }
}
