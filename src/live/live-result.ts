import type { ExecutionResult, GraphQLFormattedError } from 'graphql';
import type { Delivery, Ending } from './delivery.ts';
import { ResultFrame } from './result-frame.ts';

/** What a started operation yields: a stream of results, or at once the reason why there is none. */
export type Started = AsyncIterableIterator<ExecutionResult> | ExecutionResult;

export interface LiveResultOptions {
  /** Starts the one execution. */
  readonly start: () => Promise<Started>;
  /** What a caller may see of an error. */
  readonly format: (error: unknown) => GraphQLFormattedError;
  /** It has ended, or nobody is left: nobody may join any more. */
  readonly onEnd: () => void;
}

/** Before its first result a live result takes joiners only this long, so that each gets its own grace in full. */
const JOINABLE_UNANSWERED_MS = 100;

/**
 * One execution of one subscription, for all clients that ask the same: each result is computed and serialised once
 * and handed to every member; a later member gets the newest one at once.
 */
export class LiveResult {
  readonly #options: LiveResultOptions;
  readonly #members = new Set<Delivery>();
  readonly #startedAt = Date.now();
  #stream: AsyncIterator<ExecutionResult> | null = null;
  #newest: ResultFrame | null = null;
  #ended = false;

  constructor(options: LiveResultOptions) {
    this.#options = options;
    void this.#pump();
  }

  get joinable(): boolean {
    return !this.#ended && (this.#newest !== null || Date.now() - this.#startedAt < JOINABLE_UNANSWERED_MS);
  }

  get size(): number {
    return this.#members.size;
  }

  /** Delivers to `member` from now on, the newest result first. Undo with the returned function. */
  join(member: Delivery): () => void {
    this.#members.add(member);
    if (this.#newest) member.next(this.#newest);
    return () => {
      member.close();
      if (this.#members.delete(member) && this.#members.size === 0) this.#abandon();
    };
  }

  async #pump(): Promise<void> {
    try {
      const started = await this.#options.start();
      if (!(Symbol.asyncIterator in started)) return this.#end((started.errors ?? []).map(this.#options.format));
      this.#stream = started;
      if (this.#ended) return void started.return?.();
      for (let step = await started.next(); !step.done && !this.#ended; step = await started.next())
        this.#publish(step.value);
      this.#end(null);
    } catch (error) {
      this.#end([this.#options.format(error)]);
    }
  }

  #publish(result: ExecutionResult): void {
    const frame = ResultFrame.of(result, this.#options.format);
    if (frame.json === this.#newest?.json) return;
    this.#newest = frame;
    for (const member of this.#members) member.next(frame);
  }

  #end(ending: Ending): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.onEnd();
    const members = [...this.#members];
    this.#members.clear();
    for (const member of members) member.end(ending);
  }

  /** Nobody is left: stops the execution. */
  #abandon(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.onEnd();
    void this.#stream?.return?.();
  }
}
