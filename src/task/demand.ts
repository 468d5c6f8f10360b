import { Waitlist } from './waitlist.ts';
import type { WatchObserver } from './watch-context.ts';
import type { WatchState } from './watch-state.ts';

/** A first poll may stand behind those of thousands of clients that reconnect at once: new observers wait no longer, in ms. */
const MAX_FIRST_POLL_WAIT_MS = 2_000;

/** The reasons to poll one task: its observers, the linger after the last observer, and the queries that wait. */
export class WatchDemand {
  /** Queries that wait for the next poll. */
  readonly queries = new Waitlist();
  /** New observers that wait for the next poll, although a state is remembered. */
  readonly #firstPoll = new Waitlist();
  readonly #observers = new Set<WatchObserver>();
  readonly #lingerMs: number;
  readonly #onLingerEnd: () => void;
  #linger: NodeJS.Timeout | null = null;

  /**
   * @param lingerMs how long the watch outlives its last observer, in ms
   * @param onLingerEnd is called when that time is over
   */
  constructor(lingerMs: number, onLingerEnd: () => void) {
    this.#lingerMs = lingerMs;
    this.#onLingerEnd = onLingerEnd;
  }

  /** An observer is present, or has left within the linger. */
  get isWatched(): boolean {
    return this.#observers.size > 0 || this.#linger !== null;
  }

  /** The subscriptions of clients to the task, and the queries that wait. */
  get readers(): number {
    let readers = this.queries.size;
    for (const { subscribers } of this.#observers) readers += subscribers;
    return readers;
  }

  /** The task is watched, or a query waits. */
  get isNeeded(): boolean {
    return this.isWatched || this.queries.size > 0;
  }

  add(observer: WatchObserver): void {
    this.#observers.add(observer);
    this.endLinger();
  }

  /** Returns true when the observer was the last one. */
  remove(observer: WatchObserver): boolean {
    return this.#observers.delete(observer) && this.#observers.size === 0;
  }

  notify(state: WatchState): void {
    for (const observer of [...this.#observers]) observer.onState(state);
  }

  startLinger(): void {
    this.#linger = setTimeout(() => {
      this.#linger = null;
      this.#onLingerEnd();
    }, this.#lingerMs);
  }

  /** Ends the linger without a call of `onLingerEnd`. Idempotent. */
  endLinger(): void {
    if (this.#linger) clearTimeout(this.#linger);
    this.#linger = null;
  }

  /** Resolves at the end of the next poll, or after one interval, 2 s at most. Until then a new observer receives no remembered state. */
  async waitForFirstPoll(intervalMs: number): Promise<void> {
    await this.#firstPoll.wait(Math.min(intervalMs, MAX_FIRST_POLL_WAIT_MS));
  }

  /** Releases everything that waits for the next poll. */
  notifyAnswered(): void {
    this.queries.notifyAll();
    this.#firstPoll.notifyAll();
  }

  /** Drops all observers and releases everything that waits. */
  clear(): void {
    this.#observers.clear();
    this.notifyAnswered();
  }
}
