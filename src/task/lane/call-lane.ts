import {
  type GatewayError,
  TokenRefused,
  type UpstreamError,
  UpstreamRateLimited,
  UpstreamUnavailable,
} from '../../errors.ts';
import type { CallBudget } from './call-budget.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import { DueQueue } from './due-queue.ts';
import { RateBudget } from './rate-budget.ts';

/** How a call ended: `skipped` when upstream was not called after all. */
export type CallOutcome = 'answered' | 'skipped' | UpstreamError;

/** One task's place in the lane. */
export interface Turn {
  /** Makes the call. Never rejects. */
  run(): Promise<CallOutcome>;
  /** The turn came, but the lane is blocked: a missed poll. The turn keeps its place; `retryAt` is an estimate in ms since the epoch. */
  blocked(problem: GatewayError, retryAt: number): void;
}

/** A turn that is waiting; {@link cancel} is idempotent. */
export interface Ticket {
  cancel(): void;
}

/** What the lane tells the log and the metrics. */
export type LaneEvent =
  | { readonly kind: 'breaker-opened' | 'breaker-closed' | 'token-refused' | 'token-accepted' }
  | { readonly kind: 'paused'; readonly forMs: number };

export interface LaneOptions {
  readonly maxConcurrency: number;
  /** Calls per second; null: unlimited. */
  readonly maxRps: number | null;
  /** Takes the place of `maxRps` where other gateways share the budget; `onAnswer`: ask it again. */
  readonly budget?: (onAnswer: () => void) => CallBudget;
  /** After a blockage the turns that waited are spread over this long. */
  readonly intervalMs: number;
  readonly onEvent?: (event: LaneEvent) => void;
  readonly random?: () => number;
}

/** Why nothing but single probes may pass. `paused`: not even those. */
type Blockage = {
  readonly kind: 'paused' | 'broken' | 'refused';
  readonly problem: GatewayError;
  /** When it was last found to be so. */
  since: number;
  /** When the pause ends, or the next probe may start. */
  until: number;
};

interface Entry extends Ticket {
  dueAt: number;
  slot: number;
  readonly turn: Turn;
  readonly afterFailure: boolean;
}

const REFUSED_PROBE_MS = 10_000;

/**
 * All calls to upstream with one token pass here: earliest due first, within the concurrency and rate budget, so that
 * past the budget all intervals stretch alike. A `Retry-After` pauses the whole lane; ten failures in a row, or the
 * gateway's own token refused, let only single probes through until one succeeds. The lane holds the only timer of
 * all its tasks.
 */
export class CallLane {
  readonly #options: LaneOptions;
  readonly #queue = new DueQueue<Entry>();
  /** Turns that came while the lane was blocked, oldest first. */
  readonly #held = new Set<Entry>();
  readonly #breaker = new CircuitBreaker();
  readonly #budget: CallBudget;
  #blockage: Blockage | null = null;
  #running = 0;
  #timer: NodeJS.Timeout | null = null;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#budget = options.budget?.(() => this.#advance()) ?? new RateBudget(options.maxRps);
  }

  /** Why calls are held back at present, or null. */
  get blockage(): { readonly kind: 'paused' | 'broken' | 'refused' } | null {
    return this.#blockage;
  }

  /** Nothing is waiting, running or held back: the lane can be forgotten. */
  get idle(): boolean {
    return this.#running === 0 && !this.#waiting() && (this.#blockage?.until ?? 0) <= Date.now();
  }

  /** Queues a turn for `dueAt` (ms since the epoch), or as soon after it as the budget allows. */
  schedule(turn: Turn, dueAt: number, afterFailure = false): Ticket {
    const entry: Entry = { dueAt, slot: -1, turn, afterFailure, cancel: () => this.#cancel(entry) };
    this.#queue.add(entry);
    this.#wake();
    return entry;
  }

  /** Another gateway was told to leave upstream alone for `forMs`. */
  hearPause(forMs: number): void {
    this.#pause(new UpstreamRateLimited('A2E asked to be left alone', { retryAfterMs: forMs }), forMs);
    this.#advance();
  }

  /**
   * Another gateway found the token refused at `at`: it probes, and this one only if nothing is heard for a while;
   * each after a while of its own, so that one of them begins.
   */
  hearRefusal(at: number): void {
    const { random = Math.random } = this.#options;
    this.#refused();
    if (this.#blockage) {
      this.#blockage.since = at;
      this.#blockage.until = at + REFUSED_PROBE_MS * (1.1 + 0.2 * random());
    }
    this.#advance();
  }

  /** Another gateway got an answer with this token at `at`. One from before the refusal says nothing. */
  hearAnswer(at = Date.now()): void {
    if (this.#blockage?.kind !== 'refused' || at <= this.#blockage.since) return;
    this.#succeeded();
    this.#advance();
  }

  #cancel(entry: Entry): void {
    this.#queue.remove(entry);
    this.#held.delete(entry);
    if (this.#queue.size === 0 && this.#held.size === 0) this.#sleep();
  }

  #sleep(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#timerAt = Number.POSITIVE_INFINITY;
  }

  /** Sets the timer for the next thing to do, unless it is set for that or earlier. */
  #wake(): void {
    const now = Date.now();
    const at = this.#nextAt(now);
    if (at === null || at >= this.#timerAt) return;
    this.#sleep();
    this.#timerAt = at;
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        this.#timerAt = Number.POSITIVE_INFINITY;
        this.#advance();
      },
      Math.max(0, at - now),
    );
  }

  #nextAt(now: number): number | null {
    const head = this.#queue.peek()?.dueAt ?? Number.POSITIVE_INFINITY;
    if (this.#blockage) {
      const probe = this.#running === 0 && this.#waiting() ? this.#blockage.until : Number.POSITIVE_INFINITY;
      const at = Math.min(head, probe);
      return Number.isFinite(at) ? at : null;
    }
    if (head === Number.POSITIVE_INFINITY || this.#running >= this.#options.maxConcurrency) return null;
    return head > now ? head : now + this.#budget.waitMs(now);
  }

  #waiting(): boolean {
    return this.#held.size > 0 || this.#queue.size > 0;
  }

  #advance(): void {
    if (this.#blockage?.kind === 'paused' && Date.now() >= this.#blockage.until) this.#resume();
    if (this.#blockage) this.#advanceBlocked(this.#blockage);
    else this.#advanceFlowing();
    this.#wake();
  }

  #advanceFlowing(): void {
    for (;;) {
      const now = Date.now();
      const head = this.#queue.peek();
      if (!head || head.dueAt > now || this.#blockage) return;
      if (this.#running >= this.#options.maxConcurrency || this.#budget.waitMs(now) > 0) return;
      this.#queue.remove(head);
      this.#start(head);
    }
  }

  #advanceBlocked(blockage: Blockage): void {
    const now = Date.now();
    if (blockage.kind !== 'paused' && now >= blockage.until && this.#running === 0) {
      const probe = this.#held.values().next().value ?? this.#queue.peek();
      if (probe) {
        this.#cancel(probe);
        this.#start(probe, true);
      }
    }
    for (let head = this.#queue.peek(); head && head.dueAt <= now; head = this.#queue.peek()) {
      this.#queue.remove(head);
      this.#held.add(head);
      head.turn.blocked(problemAt(blockage, now), Math.max(blockage.until, now));
    }
  }

  #start(entry: Entry, probe = false): void {
    this.#running += 1;
    this.#budget.take(Date.now());
    void entry.turn.run().then((outcome) => {
      this.#running -= 1;
      if (outcome === 'skipped') this.#budget.giveBack(Date.now());
      this.#judge(outcome, probe);
      this.#advance();
    });
  }

  #judge(outcome: CallOutcome, probe: boolean): void {
    if (probe) this.#delayProbe();
    if (outcome === 'skipped') return;
    if (outcome === 'answered') return this.#succeeded();
    if (outcome instanceof TokenRefused) return this.#refused();
    this.#breaker.fail(probe);
    const pauseMs = retryAfterOf(outcome);
    if (pauseMs !== null) return this.#pause(outcome, pauseMs);
    if (this.#breaker.open && !this.#blockage)
      this.#block('broken', outcome, this.#breaker.probeSpacingMs, { kind: 'breaker-opened' });
  }

  #succeeded(): void {
    const wasOpen = this.#breaker.open;
    this.#breaker.succeed();
    const kind = this.#blockage?.kind;
    if (kind === 'refused') this.#options.onEvent?.({ kind: 'token-accepted' });
    if (wasOpen) this.#options.onEvent?.({ kind: 'breaker-closed' });
    if (kind && kind !== 'paused') this.#resume();
  }

  #refused(): void {
    if (this.#blockage?.kind === 'refused') {
      this.#blockage.since = Date.now();
      return this.#options.onEvent?.({ kind: 'token-refused' });
    }
    const problem = new UpstreamUnavailable("A2E refuses the gateway's own token");
    this.#block('refused', problem, REFUSED_PROBE_MS, { kind: 'token-refused' });
  }

  #pause(problem: UpstreamError, forMs: number): void {
    if (this.#blockage?.kind === 'refused') return;
    if (this.#blockage?.kind === 'paused' && this.#blockage.until >= Date.now() + forMs) return;
    this.#block('paused', problem, forMs, { kind: 'paused', forMs });
  }

  #block(kind: Blockage['kind'], problem: GatewayError, forMs: number, event: LaneEvent): void {
    this.#sleep();
    const since = Date.now();
    this.#blockage = { kind, problem, since, until: since + forMs };
    this.#options.onEvent?.(event);
  }

  #delayProbe(): void {
    const blockage = this.#blockage;
    if (!blockage || blockage.kind === 'paused') return;
    blockage.until = Date.now() + (blockage.kind === 'refused' ? REFUSED_PROBE_MS : this.#breaker.probeSpacingMs);
  }

  /** Lets the turns that waited, and those backing off, come within one interval, in random order. */
  #resume(): void {
    const { intervalMs, random = Math.random } = this.#options;
    const now = Date.now();
    const delayed = [...this.#held, ...[...this.#queue].filter((entry) => entry.afterFailure)];
    this.#blockage = null;
    this.#held.clear();
    for (const entry of delayed) {
      this.#queue.remove(entry);
      entry.dueAt = now + random() * intervalMs;
      this.#queue.add(entry);
    }
    this.#sleep();
  }
}

/** What to tell a caller who asks now: of a rate limit, how much of the wait is left. */
function problemAt({ problem, until }: Blockage, now: number): GatewayError {
  if (!(problem instanceof UpstreamRateLimited)) return problem;
  return new UpstreamRateLimited(problem.message, { retryAfterMs: Math.max(0, until - now) });
}

function retryAfterOf(error: UpstreamError): number | null {
  return error instanceof UpstreamRateLimited || error instanceof UpstreamUnavailable ? error.retryAfterMs : null;
}
