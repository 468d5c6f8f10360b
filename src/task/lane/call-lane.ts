import {
  type GatewayError,
  TokenRefused,
  type UpstreamError,
  UpstreamRateLimited,
  UpstreamUnavailable,
} from '../../errors.ts';
import { Alarm } from './alarm.ts';
import { type Blockage, pauseAfter, problemAt } from './blockage.ts';
import type { CallBudget } from './call-budget.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import type { LaneOptions } from './lane-options.ts';
import { RateBudget } from './rate-budget.ts';
import type { CallOutcome, Ticket, Turn, TurnPlan } from './turn.ts';
import { TurnQueue } from './turn-queue.ts';

interface Entry extends Ticket {
  dueAt: number;
  urgent: boolean;
  slot: number;
  readonly queuedAt: number;
  readonly turn: Turn;
  readonly afterFailure: boolean;
}

const REFUSED_PROBE_MS = 10_000;
/** A pause that grows by less than this is no new one. */
const SAME_PAUSE_MS = 1_000;
/** What timers are late anyway is no sign of a queue. */
const TIMER_GRAIN_MS = 20;

/**
 * All calls to upstream with one token pass here: earliest due first, within the concurrency and rate budget, so that
 * past the budget all intervals stretch alike; those that somebody waits for share the lane with them. A `Retry-After`
 * pauses the whole lane; ten failures in a row, or the gateway's own token refused, let only single probes through
 * until one succeeds. The lane holds the only timer of all its tasks.
 */
export class CallLane {
  readonly #options: LaneOptions;
  readonly #queue: TurnQueue<Entry>;
  /** Turns that came while the lane was blocked, oldest first. */
  readonly #held = new Set<Entry>();
  readonly #breaker = new CircuitBreaker();
  readonly #budget: CallBudget;
  readonly #onSlot = (): void => this.#advance();
  readonly #alarm = new Alarm(() => this.#advance());
  #blockage: Blockage | null = null;
  #running = 0;
  /** How late turns come at present, because there are more of them than the budget allows. */
  #lateMs = 0;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#queue = new TurnQueue(options.intervalMs);
    this.#budget = options.budget?.(() => this.#advance()) ?? new RateBudget(options.maxRps);
  }

  /** Why calls are held back at present, or null. */
  get blockage(): { readonly kind: 'paused' | 'broken' | 'refused' } | null {
    return this.#blockage;
  }

  /** Nothing is waiting, running or forbidden: the lane can be forgotten. */
  get idle(): boolean {
    return this.#running === 0 && !this.#waiting() && Date.now() >= (this.#blockage?.until ?? 0);
  }

  /** Queues a turn. */
  schedule(turn: Turn, { dueAt, urgent = false, afterFailure = false }: TurnPlan): Ticket {
    const lane = this;
    const entry: Entry = {
      dueAt,
      urgent,
      queuedAt: Date.now(),
      slot: -1,
      turn,
      afterFailure,
      get expectedAt() {
        return lane.#expectedAt(entry);
      },
      cancel: () => this.#cancel(entry),
    };
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

  /** Another gateway got an answer with this token at `at`. One from before the calls were held back says nothing. */
  hearAnswer(at: number): void {
    if (!this.#blockage || this.#blockage.kind === 'paused' || at <= this.#blockage.since) return;
    this.#succeeded();
    this.#advance();
  }

  #cancel(entry: Entry): void {
    this.#queue.remove(entry);
    this.#held.delete(entry);
    if (!this.#waiting()) this.#alarm.clear();
  }

  /** Wakes for the next thing to do. */
  #wake(): void {
    const at = this.#nextAt(Date.now());
    if (at !== null) this.#alarm.set(at);
  }

  #nextAt(now: number): number | null {
    const { dueAt } = this.#queue;
    const slotless = this.#options.slots.awaitedBy(this.#onSlot);
    if (this.#blockage) {
      const probing = this.#running === 0 && this.#waiting() && !slotless;
      const at = Math.min(dueAt, probing ? this.#blockage.until : Number.POSITIVE_INFINITY);
      return Number.isFinite(at) ? at : null;
    }
    if (dueAt === Number.POSITIVE_INFINITY || slotless) return null;
    return dueAt > now ? dueAt : now + this.#budget.waitMs(now);
  }

  #expectedAt(entry: Entry): number {
    const from = Math.max(Date.now(), this.#blockage?.until ?? 0);
    const isProbe = this.#blockage !== null && this.#blockage.kind !== 'paused' && entry === this.#nextProbe();
    return isProbe || entry.urgent ? from : Math.max(from, entry.dueAt + this.#lateMs);
  }

  /** The turn that has been held back for longest. */
  #nextProbe(): Entry | undefined {
    return this.#held.values().next().value ?? this.#queue.peek();
  }

  #waiting(): boolean {
    return this.#held.size > 0 || !this.#queue.empty;
  }

  #advance(): void {
    if (this.#blockage?.kind === 'paused' && Date.now() >= this.#blockage.until) this.#endPause(this.#blockage);
    if (this.#blockage) this.#advanceBlocked(this.#blockage);
    else this.#advanceFlowing();
    this.#wake();
  }

  #advanceFlowing(): void {
    for (;;) {
      const now = Date.now();
      if (this.#blockage || this.#queue.dueAt > now) return;
      if (!this.#options.slots.mayTake(this.#onSlot) || this.#budget.waitMs(now) > 0) return;
      const entry = this.#queue.take(now);
      if (entry) this.#start(entry);
    }
  }

  #advanceBlocked(blockage: Blockage): void {
    const now = Date.now();
    if (blockage.kind !== 'paused' && now >= blockage.until && this.#running === 0) {
      const probe = this.#nextProbe();
      if (probe && this.#options.slots.mayTake(this.#onSlot)) {
        this.#cancel(probe);
        this.#start(probe, true);
      }
    }
    for (let entry = this.#queue.take(now); entry; entry = this.#queue.take(now)) {
      entry.urgent = false;
      entry.dueAt = Math.min(entry.dueAt, now);
      this.#held.add(entry);
      entry.turn.blocked(problemAt(blockage, now));
    }
  }

  #start(entry: Entry, probe = false): void {
    const now = Date.now();
    this.#running += 1;
    this.#options.slots.take();
    this.#budget.take(now);
    if (!probe && !entry.urgent && entry.dueAt >= entry.queuedAt) this.#lateMs = lateness(now - entry.dueAt);
    void entry.turn.run().then((outcome) => {
      this.#running -= 1;
      this.#judge(outcome, probe);
      this.#options.slots.release();
      this.#advance();
    });
  }

  #judge(outcome: CallOutcome, probe: boolean): void {
    if (probe) this.#delayProbe();
    if (outcome === 'skipped') return this.#budget.giveBack(Date.now());
    if (outcome === 'answered') return this.#succeeded();
    if (outcome instanceof TokenRefused) return this.#refused();
    this.#failed(outcome, probe);
  }

  #succeeded(): void {
    const wasOpen = this.#breaker.open;
    this.#breaker.succeed();
    const kind = this.#blockage?.kind;
    if (kind === 'refused') this.#options.onEvent?.({ kind: 'token-accepted' });
    if (wasOpen) this.#options.onEvent?.({ kind: 'breaker-closed' });
    if (kind && kind !== 'paused') this.#resume();
  }

  #failed(error: UpstreamError, probe: boolean): void {
    const wasOpen = this.#breaker.open;
    // Of several calls that were under way together and met the same pause the first one counts.
    if (this.#blockage?.kind !== 'paused') this.#breaker.fail(probe);
    if (this.#breaker.open && !wasOpen) this.#options.onEvent?.({ kind: 'breaker-opened' });
    const pauseMs = pauseAfter(error);
    if (pauseMs !== null) this.#pause(error, pauseMs);
    else if (this.#breaker.open && !this.#blockage) this.#block('broken', error, this.#breaker.probeSpacingMs);
  }

  #refused(): void {
    const problem = new UpstreamUnavailable("A2E refuses the gateway's own token");
    if (this.#blockage?.kind === 'refused') this.#blockage.since = Date.now();
    else this.#block('refused', problem, REFUSED_PROBE_MS);
    this.#options.onEvent?.({ kind: 'token-refused' });
  }

  /** Several calls that were under way together may each ask for nearly the same pause: that is one event. */
  #pause(problem: UpstreamError, forMs: number): void {
    if (this.#blockage?.kind === 'refused') return;
    const longerMs = forMs - (this.#blockage?.kind === 'paused' ? this.#blockage.until - Date.now() : 0);
    if (longerMs <= 0) return;
    this.#block('paused', problem, forMs);
    if (longerMs >= SAME_PAUSE_MS) this.#options.onEvent?.({ kind: 'paused', forMs });
  }

  /** After failures enough to open the breaker a pause ends with a probe, else with all that have waited. */
  #endPause({ problem }: Blockage): void {
    if (this.#breaker.open) this.#block('broken', problem, 0);
    else this.#resume();
  }

  #block(kind: Blockage['kind'], problem: GatewayError, forMs: number): void {
    this.#alarm.clear();
    const since = Date.now();
    this.#blockage = { kind, problem, since, until: since + forMs };
  }

  #delayProbe(): void {
    const blockage = this.#blockage;
    if (!blockage || blockage.kind === 'paused') return;
    blockage.until = Date.now() + (blockage.kind === 'refused' ? REFUSED_PROBE_MS : this.#breaker.probeSpacingMs);
  }

  /**
   * Lets the turns that waited, and those backing off, come within one interval, in random order; though none sooner
   * than an interval after its last.
   */
  #resume(): void {
    const { intervalMs, random = Math.random } = this.#options;
    const now = Date.now();
    const delayed = [...this.#held, ...[...this.#queue.polls()].filter((entry) => entry.afterFailure)];
    this.#blockage = null;
    this.#held.clear();
    for (const entry of delayed) {
      this.#queue.remove(entry);
      entry.dueAt = Math.max(now + random() * intervalMs, Math.min(entry.dueAt, entry.queuedAt + intervalMs));
      this.#queue.add(entry);
    }
    this.#alarm.clear();
  }
}

function lateness(ms: number): number {
  return ms < TIMER_GRAIN_MS ? 0 : ms;
}
