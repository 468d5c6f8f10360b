import { vi } from 'vitest';

interface Timer {
  readonly at: number;
  readonly ring: () => void;
}

/**
 * Time that passes only when told, for tests that let very much of it pass: between two timers it waits for a turn of
 * the event loop, where vitest's fake timers wait for a millisecond. Takes the place of the globals until disposed of.
 */
export class VirtualClock implements Disposable {
  readonly #timers = new Map<number, Timer>();
  #now = Date.UTC(2026, 0, 1);
  #lastId = 0;

  constructor() {
    vi.spyOn(Date, 'now').mockImplementation(() => this.#now);
    vi.spyOn(performance, 'now').mockImplementation(() => this.#now);
    vi.stubGlobal('setTimeout', (ring: () => void, ms = 0) => this.#add(ring, ms));
    vi.stubGlobal('clearTimeout', (id: number) => this.#timers.delete(id));
  }

  /** How many timers are set. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Lets that many ms pass: every timer rings in its time, and what it sets off happens before the next one does. */
  async pass(ms: number): Promise<void> {
    const until = this.#now + ms;
    await turn();
    for (let next = this.#next(until); next; next = this.#next(until)) {
      const [id, { at, ring }] = next;
      this.#timers.delete(id);
      this.#now = at;
      ring();
      await turn();
    }
    this.#now = until;
  }

  [Symbol.dispose](): void {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  }

  #add(ring: () => void, ms: number): number {
    this.#lastId += 1;
    // As Node does: at least a millisecond, and whole ones.
    this.#timers.set(this.#lastId, { at: this.#now + Math.max(1, Math.trunc(ms)), ring });
    return this.#lastId;
  }

  #next(until: number): [number, Timer] | null {
    let next: [number, Timer] | null = null;
    for (const entry of this.#timers)
      if (entry[1].at <= until && entry[1].at < (next?.[1].at ?? Infinity)) next = entry;
    return next;
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
