import {
  type GatewayError,
  TokenRefused,
  type UpstreamError,
  UpstreamRateLimited,
  UpstreamUnavailable,
} from '../errors.ts';
import { CallQueue } from './call-queue.ts';
import { type CircuitState, errorForCaller, retryAfterOf } from './circuit-state.ts';
import { ConsecutiveFailureBreaker } from './consecutive-failure-breaker.ts';
import { EarliestTimer } from './earliest-timer.ts';
import type { CallOutcome, Job, ScheduledJob, ScheduleOptions } from './job.ts';
import { LocalRateLimiter } from './local-rate-limiter.ts';
import type { RateLimiter } from './rate-limiter.ts';
import type { SchedulerOptions } from './scheduler-options.ts';

interface QueuedJob extends ScheduledJob {
  dueAt: number;
  urgent: boolean;
  heapIndex: number;
  readonly queuedAt: number;
  readonly job: Job;
  readonly afterFailure: boolean;
}

const UNAUTHORIZED_PROBE_MS = 10_000;
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
export class UpstreamScheduler {
  readonly #options: SchedulerOptions;
  readonly #queue: CallQueue<QueuedJob>;
  /** Turns that came while the lane was blocked, oldest first. */
  readonly #blocked = new Set<QueuedJob>();
  readonly #breaker = new ConsecutiveFailureBreaker();
  readonly #rateLimiter: RateLimiter;
  readonly #onPermit = (): void => this.#advance();
  readonly #timer = new EarliestTimer(() => this.#advance());
  #circuit: CircuitState | null = null;
  #running = 0;
  /** How late turns come at present, because there are more of them than the budget allows. */
  #latenessMs = 0;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#queue = new CallQueue(options.intervalMs);
    this.#rateLimiter = options.rateLimiter?.(() => this.#advance()) ?? new LocalRateLimiter(options.maxRps);
  }

  /** Why calls are held back at present, or null. */
  get circuit(): { readonly kind: 'paused' | 'broken' | 'refused' } | null {
    return this.#circuit;
  }

  /** Nothing is waiting, running or forbidden: the lane can be forgotten. */
  get idle(): boolean {
    return this.#running === 0 && !this.#hasWaiting() && Date.now() >= (this.#circuit?.until ?? 0);
  }

  /** Queues a turn. */
  schedule(job: Job, { dueAt, urgent = false, afterFailure = false }: ScheduleOptions): ScheduledJob {
    const lane = this;
    const entry: QueuedJob = {
      dueAt,
      urgent,
      queuedAt: Date.now(),
      heapIndex: -1,
      job,
      afterFailure,
      get expectedAt() {
        return lane.#expectedAt(entry);
      },
      cancel: () => this.#cancel(entry),
    };
    this.#queue.add(entry);
    this.#armTimer();
    return entry;
  }

  /** Another gateway was told to leave upstream alone for `forMs`. */
  onPeerPause(forMs: number): void {
    this.#pause(new UpstreamRateLimited('A2E asked to be left alone', { retryAfterMs: forMs }), forMs);
    this.#advance();
  }

  /**
   * Another gateway found the token refused at `at`: it probes, and this one only if nothing is heard for a while;
   * each after a while of its own, so that one of them begins.
   */
  onPeerTokenRefused(at: number): void {
    const { random = Math.random } = this.#options;
    this.#onTokenRefused();
    if (this.#circuit) {
      this.#circuit.since = at;
      this.#circuit.until = at + UNAUTHORIZED_PROBE_MS * (1.1 + 0.2 * random());
    }
    this.#advance();
  }

  /** Another gateway got an answer with this token at `at`. One from before the calls were held back says nothing. */
  onPeerSuccess(at: number): void {
    if (!this.#circuit || this.#circuit.kind === 'paused' || at <= this.#circuit.since) return;
    this.#onSuccess();
    this.#advance();
  }

  #cancel(entry: QueuedJob): void {
    this.#queue.remove(entry);
    this.#blocked.delete(entry);
    if (!this.#hasWaiting()) this.#timer.clear();
  }

  /** Wakes for the next thing to do. */
  #armTimer(): void {
    const at = this.#nextWakeAt(Date.now());
    if (at !== null) this.#timer.set(at);
  }

  #nextWakeAt(now: number): number | null {
    const { dueAt } = this.#queue;
    const slotless = this.#options.semaphore.isQueued(this.#onPermit);
    if (this.#circuit) {
      const probing = this.#running === 0 && this.#hasWaiting() && !slotless;
      const at = Math.min(dueAt, probing ? this.#circuit.until : Number.POSITIVE_INFINITY);
      return Number.isFinite(at) ? at : null;
    }
    if (dueAt === Number.POSITIVE_INFINITY || slotless) return null;
    return dueAt > now ? dueAt : now + this.#rateLimiter.delayMs(now);
  }

  #expectedAt(entry: QueuedJob): number {
    const from = Math.max(Date.now(), this.#circuit?.until ?? 0);
    const isProbe = this.#circuit !== null && this.#circuit.kind !== 'paused' && entry === this.#nextProbe();
    return isProbe || entry.urgent ? from : Math.max(from, entry.dueAt + this.#latenessMs);
  }

  /** The turn that has been held back for longest. */
  #nextProbe(): QueuedJob | undefined {
    return this.#blocked.values().next().value ?? this.#queue.peek();
  }

  #hasWaiting(): boolean {
    return this.#blocked.size > 0 || !this.#queue.empty;
  }

  #advance(): void {
    if (this.#circuit?.kind === 'paused' && Date.now() >= this.#circuit.until) this.#endPause(this.#circuit);
    if (this.#circuit) this.#runProbe(this.#circuit);
    else this.#runDue();
    this.#armTimer();
  }

  #runDue(): void {
    for (;;) {
      const now = Date.now();
      if (this.#circuit || this.#queue.dueAt > now) return;
      if (!this.#options.semaphore.tryAcquire(this.#onPermit) || this.#rateLimiter.delayMs(now) > 0) return;
      const entry = this.#queue.take(now);
      if (entry) this.#start(entry);
    }
  }

  #runProbe(blockage: CircuitState): void {
    const now = Date.now();
    if (blockage.kind !== 'paused' && now >= blockage.until && this.#running === 0) {
      const probe = this.#nextProbe();
      if (probe && this.#options.semaphore.tryAcquire(this.#onPermit)) {
        this.#cancel(probe);
        this.#start(probe, true);
      }
    }
    for (let entry = this.#queue.take(now); entry; entry = this.#queue.take(now)) {
      entry.urgent = false;
      entry.dueAt = Math.min(entry.dueAt, now);
      this.#blocked.add(entry);
      entry.job.onBlocked(errorForCaller(blockage, now));
    }
  }

  #start(entry: QueuedJob, probe = false): void {
    const now = Date.now();
    this.#running += 1;
    this.#options.semaphore.acquire();
    this.#rateLimiter.consume(now);
    if (!probe && !entry.urgent && entry.dueAt >= entry.queuedAt) this.#latenessMs = lateness(now - entry.dueAt);
    void entry.job.run().then((outcome) => {
      this.#running -= 1;
      this.#record(outcome, probe);
      this.#options.semaphore.release();
      this.#advance();
    });
  }

  #record(outcome: CallOutcome, probe: boolean): void {
    if (probe) this.#delayProbe();
    if (outcome === 'skipped') return this.#rateLimiter.refund(Date.now());
    if (outcome === 'answered') return this.#onSuccess();
    if (outcome instanceof TokenRefused) return this.#onTokenRefused();
    this.#onFailure(outcome, probe);
  }

  #onSuccess(): void {
    const wasOpen = this.#breaker.open;
    this.#breaker.recordSuccess();
    const kind = this.#circuit?.kind;
    if (kind === 'refused') this.#options.onEvent?.({ kind: 'token-accepted' });
    if (wasOpen) this.#options.onEvent?.({ kind: 'breaker-closed' });
    if (kind && kind !== 'paused') this.#closeCircuit();
  }

  #onFailure(error: UpstreamError, probe: boolean): void {
    const wasOpen = this.#breaker.open;
    // Of several calls that were under way together and met the same pause the first one counts.
    if (this.#circuit?.kind !== 'paused') this.#breaker.recordFailure(probe);
    if (this.#breaker.open && !wasOpen) this.#options.onEvent?.({ kind: 'breaker-opened' });
    const pauseMs = retryAfterOf(error);
    if (pauseMs !== null) this.#pause(error, pauseMs);
    else if (this.#breaker.open && !this.#circuit) this.#openCircuit('broken', error, this.#breaker.probeIntervalMs);
  }

  #onTokenRefused(): void {
    const problem = new UpstreamUnavailable("A2E refuses the gateway's own token");
    if (this.#circuit?.kind === 'refused') this.#circuit.since = Date.now();
    else this.#openCircuit('refused', problem, UNAUTHORIZED_PROBE_MS);
    this.#options.onEvent?.({ kind: 'token-refused' });
  }

  /** Several calls that were under way together may each ask for nearly the same pause: that is one event. */
  #pause(problem: UpstreamError, forMs: number): void {
    if (this.#circuit?.kind === 'refused') return;
    const longerMs = forMs - (this.#circuit?.kind === 'paused' ? this.#circuit.until - Date.now() : 0);
    if (longerMs <= 0) return;
    this.#openCircuit('paused', problem, forMs);
    if (longerMs >= SAME_PAUSE_MS) this.#options.onEvent?.({ kind: 'paused', forMs });
  }

  /** After failures enough to open the breaker a pause ends with a probe, else with all that have waited. */
  #endPause({ error }: CircuitState): void {
    if (this.#breaker.open) this.#openCircuit('broken', error, 0);
    else this.#closeCircuit();
  }

  #openCircuit(kind: CircuitState['kind'], error: GatewayError, forMs: number): void {
    this.#timer.clear();
    const since = Date.now();
    this.#circuit = { kind, error, since, until: since + forMs };
  }

  #delayProbe(): void {
    const blockage = this.#circuit;
    if (!blockage || blockage.kind === 'paused') return;
    blockage.until = Date.now() + (blockage.kind === 'refused' ? UNAUTHORIZED_PROBE_MS : this.#breaker.probeIntervalMs);
  }

  /**
   * Lets the turns that waited, and those backing off, come within one interval, in random order; though none sooner
   * than an interval after its last.
   */
  #closeCircuit(): void {
    const { intervalMs, random = Math.random } = this.#options;
    const now = Date.now();
    const delayed = [...this.#blocked, ...[...this.#queue.polls()].filter((entry) => entry.afterFailure)];
    this.#circuit = null;
    this.#blocked.clear();
    for (const entry of delayed) {
      this.#queue.remove(entry);
      entry.dueAt = Math.max(now + random() * intervalMs, Math.min(entry.dueAt, entry.queuedAt + intervalMs));
      this.#queue.add(entry);
    }
    this.#timer.clear();
  }
}

function lateness(ms: number): number {
  return ms < TIMER_GRAIN_MS ? 0 : ms;
}
