import { Overloaded, withoutStackTrace } from '../../errors.ts';
import type { EventLoopQueue } from '../limits/event-loop-queue.ts';

/** How much text may wait, in characters: of one account, and in all. */
const MAX_WAITING_PER_ACCOUNT = 4 * 1024 * 1024;
const MAX_WAITING = 16 * 1024 * 1024;
const RETRY_AFTER_SECONDS = 1;

interface AccountQueue {
  readonly jobs: { readonly length: number; readonly run: () => void }[];
  /** Characters of the texts that wait. */
  waiting: number;
}

/**
 * Parses and validates documents within the budget of an event loop turn, for every transport. Accounts take turns
 * (round-robin), so documents of one account delay a document of another one by one document each.
 */
export class PreparationQueue {
  readonly #queue: EventLoopQueue;
  readonly #accounts = new Map<string, AccountQueue>();
  #waiting = 0;

  constructor(queue: EventLoopQueue) {
    this.#queue = queue;
  }

  /** Runs `prepare` on a text of `length` characters, in its turn. Rejects with `Overloaded` when too much waits. */
  run<T>(account: string, length: number, prepare: () => T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const own = this.#accounts.get(account) ?? { jobs: [], waiting: 0 };
    if (own.waiting + length > MAX_WAITING_PER_ACCOUNT || this.#waiting + length > MAX_WAITING) {
      reject(overloaded());
      return promise;
    }
    const run = (): void => {
      try {
        resolve(prepare());
      } catch (error) {
        reject(error);
      }
    };
    own.jobs.push({ length, run });
    own.waiting += length;
    this.#waiting += length;
    this.#accounts.set(account, own);
    this.#queue.run(this.#runNext);
    return promise;
  }

  /** Runs the oldest job of the next account; the account then goes to the end of the line. */
  readonly #runNext = (): void => {
    const [account, own] = this.#accounts.entries().next().value ?? [];
    const job = own?.jobs.shift();
    if (account === undefined || !own || !job) return;
    own.waiting -= job.length;
    this.#waiting -= job.length;
    this.#accounts.delete(account);
    if (own.jobs.length > 0) this.#accounts.set(account, own);
    job.run();
  };
}

function overloaded(): Overloaded {
  const message = 'Too many documents wait to be validated';
  return withoutStackTrace(() => new Overloaded(message, RETRY_AFTER_SECONDS));
}
