import { createHmac, randomBytes } from 'node:crypto';

/** One call as it arrived. */
export interface Call {
  readonly id: string;
  /** A short keyed hash of the bearer token, equal for equal tokens of one process; `''` without a token. */
  readonly tokenHash: string;
  /** Ms since the epoch by the machine's monotonic clock, with fractions; the simulator's own clock plays no part. */
  readonly at: number;
}

interface Tally {
  count: number;
  inFlight: number;
  maxInFlight: number;
  readonly perToken: Map<string, number>;
  readonly calls: Call[];
}

interface Waiter {
  readonly id: string | null;
  readonly calls: number;
  readonly token: string | undefined;
  readonly resolve: () => void;
}

/** New in each process, so that a guessed token cannot be compared with a hash. */
const HASH_KEY = randomBytes(32);

function hashOf(token: string): string {
  return token === '' ? '' : createHmac('sha256', HASH_KEY).update(token).digest('hex').slice(0, 16);
}

function emptyTally(): Tally {
  return { count: 0, inFlight: 0, maxInFlight: 0, perToken: new Map(), calls: [] };
}

/**
 * Counts every call exactly, refused and faulted ones too. Single calls are kept for the first `maxCalls` only, so
 * that a long run does not fill the memory. Tokens are kept as hashes, because a client may ask for the calls.
 */
export class CallLog {
  readonly #maxCalls: number;
  #all = emptyTally();
  #byId = new Map<string, Tally>();
  #waiters = new Set<Waiter>();

  constructor(maxCalls: number) {
    this.#maxCalls = maxCalls;
  }

  /** Counts a call that has arrived; the returned function says, once, that it is over. */
  begin(id: string, token: string): () => void {
    const call: Call = { id, tokenHash: hashOf(token), at: performance.timeOrigin + performance.now() };
    const own = this.#byId.get(id) ?? emptyTally();
    this.#byId.set(id, own);
    const tallies = [this.#all, own];
    const keep = this.#all.calls.length < this.#maxCalls;
    for (const each of tallies) this.#count(each, call, keep);
    this.#wake();
    return () => {
      for (const each of tallies.splice(0)) each.inFlight -= 1;
    };
  }

  /** The calls of one task, or of all with null; oldest first. */
  calls(id: string | null, token?: string): Call[] {
    const calls = (id === null ? this.#all : this.#byId.get(id))?.calls ?? [];
    return token === undefined ? [...calls] : calls.filter(({ tokenHash }) => tokenHash === hashOf(token));
  }

  /** How many calls there were, exactly. */
  count(id: string | null, token?: string): number {
    const tally = id === null ? this.#all : this.#byId.get(id);
    return (token === undefined ? tally?.count : tally?.perToken.get(hashOf(token))) ?? 0;
  }

  /** The number of calls by hash of the token. */
  perToken(): Record<string, number> {
    return Object.fromEntries(this.#all.perToken);
  }

  /** The most calls seen under way at the same time. */
  maxConcurrency(id: string | null): number {
    return (id === null ? this.#all : this.#byId.get(id))?.maxInFlight ?? 0;
  }

  /** Resolves once `calls` calls have been counted since the last reset; at once when there were as many. */
  waitFor(id: string | null, calls: number, token?: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.add({ id, calls, token, resolve });
    this.#wake();
    return promise;
  }

  /** Forgets all calls. Those under way now are counted nowhere any more. */
  reset(): void {
    this.#all = emptyTally();
    this.#byId = new Map();
  }

  #count(tally: Tally, call: Call, keep: boolean): void {
    tally.count += 1;
    tally.inFlight += 1;
    tally.maxInFlight = Math.max(tally.maxInFlight, tally.inFlight);
    tally.perToken.set(call.tokenHash, (tally.perToken.get(call.tokenHash) ?? 0) + 1);
    if (keep) tally.calls.push(call);
  }

  #wake(): void {
    for (const waiter of this.#waiters) {
      if (this.count(waiter.id, waiter.token) < waiter.calls) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }
}
