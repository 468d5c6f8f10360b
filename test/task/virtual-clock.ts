import { vi } from 'vitest';

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

const WALL_NOW = Date.now;

/**
 * A monotonic clock, a wall clock and timers that advance only in {@link pass}, for tests with very much time in them:
 * between two timers the clock waits for one iteration of the event loop, and vitest's fake timers wait for a millisecond.
 * The two clocks have different origins, so that code which mixes them fails. Replaces the globals until disposed of.
 */
export class VirtualClock implements Disposable {
  readonly #timers = new Map<number, Timer>();
  #now = 1_000;
  #wallOffsetMs = Date.UTC(2026, 0, 1);
  #lastId = 0;

  constructor() {
    // No spies, which keep a record of every call: a model reads the clocks millions of times.
    Object.defineProperty(Date, 'now', {
      configurable: true,
      writable: true,
      value: () => this.#now + this.#wallOffsetMs,
    });
    Object.defineProperty(performance, 'now', { configurable: true, writable: true, value: () => this.#now });
    vi.stubGlobal('setTimeout', (callback: () => void, ms = 0) => this.#add(callback, ms));
    vi.stubGlobal('clearTimeout', (id: number) => this.#timers.delete(id));
  }

  /** The number of timers that are set. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Lets that many ms pass. Each timer fires in its time, and its consequences happen before the next timer fires. */
  async pass(ms: number): Promise<void> {
    const until = this.#now + ms;
    await nextIteration();
    for (let next = this.#next(until); next; next = this.#next(until)) {
      const [id, { at, callback }] = next;
      this.#timers.delete(id);
      this.#now = at;
      callback();
      await nextIteration();
    }
    this.#now = until;
  }

  /** Sets the wall clock forward, or back, while the monotonic clock and the timers stay. */
  stepWallClock(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  [Symbol.dispose](): void {
    vi.unstubAllGlobals();
    Date.now = WALL_NOW;
    // The method of the prototype is visible again.
    Reflect.deleteProperty(performance, 'now');
  }

  #add(callback: () => void, ms: number): number {
    this.#lastId += 1;
    // As Node does: whole milliseconds, at least one.
    this.#timers.set(this.#lastId, { at: this.#now + Math.max(1, Math.trunc(ms)), callback });
    return this.#lastId;
  }

  #next(until: number): [number, Timer] | null {
    let next: [number, Timer] | null = null;
    for (const entry of this.#timers) {
      if (entry[1].at <= until && (next === null || entry[1].at < next[1].at)) next = entry;
    }
    return next;
  }
}

function nextIteration(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
