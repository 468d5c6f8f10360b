import { AccessDenied } from '../errors.ts';
import { BulkheadQueue, type Side } from './bulkhead-queue.ts';
import {
  admitsAt,
  type Circuit,
  type CircuitPolicy,
  type CircuitState,
  errorForCaller,
  isHoldOver,
  NEW_CIRCUIT,
  type Observation,
  observe,
  stateAt,
} from './circuit.ts';
import { circuitEvents } from './circuit-events.ts';
import { EarliestTimer } from './earliest-timer.ts';
import type { PermitClass } from './fair-semaphore.ts';
import type { CallOutcome, Job, ScheduledJob, ScheduleOptions } from './job.ts';
import { LocalRateLimiter } from './local-rate-limiter.ts';
import { PollLateness } from './poll-lateness.ts';
import { PollSpread } from './poll-spread.ts';
import { PolledTasks } from './polled-tasks.ts';
import { ProbeCandidates } from './probe-candidates.ts';
import { maxProbeIntervalMs, recoveryWindowMs } from './probe-interval.ts';
import { type JobOwner, QueuedJob } from './queued-job.ts';
import type { RateLimiter } from './rate-limiter.ts';
import type { SchedulerOptions } from './scheduler-options.ts';

/**
 * Admits all calls to A2E with one token: by due time, within the permits and the rate limit, so that past the limits all
 * intervals stretch alike. Trusted calls never wait behind untrusted ones (a bulkhead). While the circuit is open,
 * single half-open probes run; while it is paused, no call runs. The scheduler holds the only timer of its jobs.
 * cockatiel, opossum and p-queue are not used: they wrap one call or queue calls by priority, and have neither due times
 * nor evidence for a task, a token and an origin.
 */
export class UpstreamScheduler {
  readonly #options: SchedulerOptions;
  readonly #policy: CircuitPolicy;
  readonly #queue: BulkheadQueue<QueuedJob>;
  /** All waiting jobs: in the queue, or blocked. */
  readonly #waiting = new ProbeCandidates();
  /** Jobs that were due while the circuit was not closed. */
  readonly #blocked = new Set<QueuedJob>();
  readonly #rateLimiter: RateLimiter;
  readonly #spread: PollSpread;
  readonly #onPermit = (): void => this.#advance();
  readonly #timer = new EarliestTimer(() => this.#advance());
  /** The scheduler for its jobs, once for all of them. */
  readonly #owner: JobOwner = {
    expectedAt: (queued) => this.#expectedAt(queued),
    cancel: (queued) => this.#cancel(queued),
  };
  #circuit: Circuit = NEW_CIRCUIT;
  #running = 0;
  readonly #polled: PolledTasks;
  readonly #lateness = new PollLateness();

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#policy = { ...options.tokenPolicy, maxProbeIntervalMs: maxProbeIntervalMs(options.intervalMs) };
    this.#polled = new PolledTasks(options.polled);
    this.#queue = new BulkheadQueue(options.intervalMs);
    this.#spread = new PollSpread(options.intervalMs, options.random);
    this.#rateLimiter = options.rateLimiter?.(() => this.#advance()) ?? new LocalRateLimiter(options.maxRps);
  }

  /** The state of the circuit. */
  get state(): CircuitState {
    return this.#circuit.state;
  }

  /** The state of the circuit without a pause or refusal that is over, which {@link state} keeps until the next job. */
  get presentState(): CircuitState {
    return stateAt(this.#circuit, performance.now(), this.#policy);
  }

  /** A2E has accepted the token in some answer. */
  get isTokenAccepted(): boolean {
    return this.#circuit.isTokenAccepted;
  }

  /** How late polls run at present because the demand exceeds the limits, in ms; 0 while no trusted call waits. */
  get latenessMs(): number {
    return Number.isFinite(this.#queue.dueAt('trusted')) ? this.#lateness.ms : 0;
  }

  /** No job waits or runs, and the circuit would admit one: the scheduler can be dropped. */
  get idle(): boolean {
    return this.#running === 0 && this.#waiting.size === 0 && performance.now() >= admitsAt(this.state);
  }

  /** Queues a job. */
  schedule(job: Job, { dueAt, urgent = false, afterFailure = false, rhythm }: ScheduleOptions): ScheduledJob {
    const planned = dueAt !== null && rhythm ? this.#spread.plan(dueAt, rhythm) : undefined;
    const queued = new QueuedJob(job, this.#owner, { dueAt, urgent, afterFailure, planned });
    this.#polled.add(queued);
    this.#lateness.add(queued);
    this.#waiting.add(queued);
    this.#queue.add(queued);
    this.#armTimer();
    return queued;
  }

  /** Applies an observation of another gateway with the same token. */
  onPeer(observation: Extract<Observation, { kind: `peer-${string}` }>): void {
    if (observation.kind === 'peer-answered') this.#options.calls?.peerAnswered(observation.at);
    this.#observe(observation);
    this.#advance();
  }

  #cancel(queued: QueuedJob): void {
    if (!this.#leave(queued)) return;
    this.#polled.remove(queued);
    this.#lateness.remove(queued);
    this.#remove(queued);
    if (this.#waiting.size === 0) this.#timer.clear();
  }

  /** The job waits no longer; false when it had ended its wait already. */
  #leave(queued: QueuedJob): boolean {
    const wasWaiting = queued.leave();
    if (wasWaiting && queued.planned) this.#spread.remove(queued.planned);
    return wasWaiting;
  }

  #remove(queued: QueuedJob): void {
    this.#waiting.delete(queued);
    this.#queue.remove(queued);
    this.#blocked.delete(queued);
  }

  #armTimer(): void {
    const at = this.#nextWakeAt(performance.now());
    if (at !== null) this.#timer.set(at);
  }

  /** The time of the next thing to do; null: an event comes first, such as a permit or the end of a call. */
  #nextWakeAt(now: number): number | null {
    if (this.state.kind !== 'closed') {
      const probe = this.#running === 0 ? this.#waiting.next() : undefined;
      const canProbe = probe && !this.#isQueued(this.#classOf(probe.isProven));
      const probeAt = canProbe ? admitsAt(this.state) : Number.POSITIVE_INFINITY;
      const at = Math.min(this.#queue.dueAt('trusted'), this.#queue.dueAt('untrusted'), probeAt);
      return Number.isFinite(at) ? at : null;
    }
    const at = Math.min(this.#runsAt('trusted'), this.#runsAt('untrusted'));
    if (!Number.isFinite(at)) return null;
    return at > now ? at : now + this.#rateLimiter.delayMs(now);
  }

  /** The due time of a side that may run; infinite when an event comes first. */
  #runsAt(side: Side): number {
    return this.#canRun(side) ? this.#queue.dueAt(side) : Number.POSITIVE_INFINITY;
  }

  #expectedAt(queued: QueuedJob): number {
    const from = Math.max(performance.now(), admitsAt(this.state));
    const isProbe = this.state.kind === 'open' && queued === this.#waiting.next();
    if (isProbe || queued.urgent || queued.dueAt === null) return from;
    return Math.max(from, queued.dueAt + this.#lateness.ms);
  }

  #advance(): void {
    if (isHoldOver(this.#circuit, performance.now(), this.#policy)) this.#observe({ kind: 'hold-ended' });
    if (this.state.kind !== 'closed') this.#advanceBlocked(this.state);
    else while (this.#runNext());
    this.#armTimer();
  }

  /** Starts the next due call; false when none may run now. */
  #runNext(): boolean {
    const now = performance.now();
    for (const side of this.#queue.dueSides(now)) {
      if (!this.#canRun(side)) continue;
      const permitClass = this.#classOf(side === 'trusted');
      if (!this.#options.semaphore.mayAcquire(this.#onPermit, permitClass)) continue;
      if (this.#rateLimiter.delayMs(now) > 0) return false;
      const queued = this.#queue.take(side, now);
      if (queued) this.#start(queued, permitClass, false);
      return this.state.kind === 'closed';
    }
    return false;
  }

  #canRun(side: Side): boolean {
    const { maxUnverified } = this.#options;
    const isLimited = maxUnverified !== null && !this.#circuit.isTokenAccepted && this.#running >= maxUnverified;
    return !isLimited && !this.#isQueued(this.#classOf(side === 'trusted'));
  }

  #isQueued(permitClass: PermitClass): boolean {
    return this.#options.semaphore.isQueued(this.#onPermit, permitClass);
  }

  #classOf(isProven: boolean): PermitClass {
    if (isProven) return 'proven';
    const isVerified = this.#circuit.isTokenAccepted || this.#options.maxUnverified === null;
    return isVerified ? 'unproven' : 'unverified';
  }

  #advanceBlocked(state: Exclude<CircuitState, { kind: 'closed' }>): void {
    const now = performance.now();
    if (state.kind === 'open' && now >= state.nextProbeAt && this.#running === 0) {
      const probe = this.#waiting.next();
      const permitClass = this.#classOf(probe?.isProven ?? false);
      if (probe && this.#options.semaphore.mayAcquire(this.#onPermit, permitClass)) {
        this.#remove(probe);
        this.#waiting.onProbe(probe);
        this.#start(probe, permitClass, true);
      }
    }
    for (let queued = this.#queue.takeAny(now); queued; queued = this.#queue.takeAny(now)) {
      queued.block(now);
      this.#blocked.add(queued);
      queued.job.onBlocked(errorForCaller(state, now));
    }
  }

  #start(queued: QueuedJob, permitClass: PermitClass, isProbe: boolean): void {
    const now = performance.now();
    this.#leave(queued);
    this.#waiting.delete(queued);
    this.#running += 1;
    this.#options.semaphore.acquire(this.#onPermit, permitClass);
    this.#rateLimiter.consume(now);
    const { dueAt, isTrusted } = queued;
    if (!isProbe && dueAt !== null)
      this.#options.onPollStart?.(Math.max(0, now - dueAt), isTrusted ? 'trusted' : 'untrusted');
    if (!isProbe) this.#lateness.onStart(queued, now);
    this.#options.calls?.started(queued, now);
    void queued.job.run().then((outcome) => {
      this.#running -= 1;
      this.#polled.remove(queued);
      this.#options.calls?.ended(queued, outcome, performance.now() - now);
      this.#lateness.remove(queued);
      this.#record(queued, outcome, isProbe);
      this.#options.semaphore.release(permitClass);
      this.#advance();
    });
  }

  #record(queued: QueuedJob, outcome: CallOutcome, isProbe: boolean): void {
    if (outcome.kind === 'skipped') {
      this.#rateLimiter.refund(performance.now());
      if (isProbe) this.#observe({ kind: 'probe-skipped' });
      return;
    }
    if (outcome.kind === 'answered') return this.#observe(outcome);
    const { error } = outcome;
    const { isProven } = queued;
    const provenTasks = this.#polled.proven;
    this.#observe({ kind: 'failed', error, taskId: queued.job.id, isProven, provenTasks, isProbe });
    // The watch took a denial for one of its task; the evidence may prove by now that the token is at fault.
    if (error instanceof AccessDenied && this.state.kind === 'open' && this.state.reason === 'token-refused')
      queued.job.onBlocked(this.state.error);
  }

  #observe(observation: Observation): void {
    const now = performance.now();
    const before = this.#circuit;
    this.#circuit = observe(before, observation, now, this.#policy);
    if (this.state === before.state) return;
    this.#timer.clear();
    for (const event of circuitEvents(before.state, this.state, now)) this.#options.onEvent?.(event);
    if (this.state.kind === 'closed') this.#deferAll(now, this.#deferMs(before.state, observation));
  }

  /**
   * The time over which calls are spread after the circuit has closed, in ms: one interval after a pause or a refusal that a
   * probe found over, less after an outage so that states are fresh soon, and none after a refusal that has expired.
   */
  #deferMs(before: CircuitState, { kind }: Observation): number {
    const { intervalMs } = this.#options;
    if (before.kind !== 'open') return intervalMs;
    if (before.reason === 'origin-failing') return recoveryWindowMs(intervalMs);
    return kind === 'hold-ended' ? 0 : intervalMs;
  }

  /**
   * After the circuit has closed, runs the blocked jobs and the jobs that back off within `windowMs`, in random order, or
   * later where {@link QueuedJob.defer} says so.
   */
  #deferAll(now: number, windowMs: number): void {
    const { intervalMs, random = Math.random } = this.#options;
    const delayed = [...this.#blocked, ...[...this.#queue.polls()].filter(({ afterFailure }) => afterFailure)];
    this.#blocked.clear();
    for (const queued of delayed) {
      this.#queue.remove(queued);
      queued.defer(now + random() * windowMs, intervalMs);
      this.#queue.add(queued);
    }
  }
}
