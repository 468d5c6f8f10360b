import type { Versioned } from '../cluster/contract.ts';
import type { GatewayError } from '../errors.ts';
import type { CallOutcome, Job } from '../scheduling/job.ts';
import { answerQuery } from './answer-query.ts';
import type { Credential } from './credential.ts';
import { WatchDemand } from './demand.ts';
import { mergePeerState } from './merge-peer-state.ts';
import { PollCycle } from './poll-cycle.ts';
import { PollPlanner } from './poll-planner.ts';
import { PollSchedule, type TickRequest } from './poll-schedule.ts';
import { SharedState } from './shared-state.ts';
import { type OnActiveChange, type WatchContext, type WatchObserver, watchKey } from './watch-context.ts';
import {
  hasChanged,
  isFinal,
  isFresh,
  nextCheckInstant,
  onHeldBack,
  UNKNOWN_STATE,
  type WatchState,
  withNextCheck,
} from './watch-state.ts';

/**
 * The one watch of a task through one credential: polls while the task is needed, and shares its state with its
 * observers, with queries and with the other gateways. An idle watch keeps its state. The next poll is scheduled when the
 * last one has ended, so polls of a task never overlap.
 */
export class TaskWatch implements Job {
  readonly id: string;
  readonly credential: Credential;
  /** Names this watch here and in the cluster; holds no secret. */
  readonly key: string;
  readonly #context: WatchContext;
  readonly #onActiveChange: OnActiveChange;
  readonly #demand: WatchDemand;
  readonly #cycle: PollCycle;
  readonly #shared: SharedState;
  readonly #schedule: PollSchedule;
  readonly #planner: PollPlanner;
  #state = UNKNOWN_STATE;
  #isActive = false;
  #isProven = false;

  constructor(id: string, credential: Credential, context: WatchContext, onActiveChange: OnActiveChange) {
    this.id = id;
    this.credential = credential;
    this.key = watchKey(id, credential);
    this.#context = context;
    this.#onActiveChange = onActiveChange;
    this.#demand = new WatchDemand(context.lingerMs, () => this.#deactivateUnlessNeeded());
    this.#schedule = new PollSchedule((options) => {
      const afterFailure = this.#planner.failing;
      return context.schedulers.for(credential).schedule(this, { ...options, afterFailure });
    });
    this.#planner = new PollPlanner(context.intervals, this.#schedule);
    this.#cycle = new PollCycle(id, this.key, credential, context);
    this.#shared = new SharedState(context.cluster, this.key, (published) => this.#onPublished(published));
  }

  get state(): WatchState {
    this.#refreshNextCheck();
    return this.#state;
  }

  /** The last poll failed: observers and queries have the last good state. */
  get isStale(): boolean {
    return this.#state.snapshot?.stale ?? false;
  }

  /** A2E has answered for this task before, here or at another gateway. */
  get isProven(): boolean {
    return this.#isProven;
  }

  /**
   * Pending while the last state is read from the cluster. Observers wait for it, so that a client that moves here from
   * another gateway never receives an older state.
   */
  get hydrating(): Promise<void> | null {
    return this.#shared.hydrating;
  }

  /** The state is final, or the last poll ended less than an interval ago; less than a second ago if it brought no state. */
  get isFresh(): boolean {
    return isFresh(this.#state, this.#context.intervals.intervalMs);
  }

  /** Notifies `observer` of every change, and polls if it is the first observer. Returns an unsubscribe function. */
  observe(observer: WatchObserver): () => void {
    this.#demand.add(observer);
    if (!isFinal(this.#state)) this.#activate();
    return () => {
      if (this.#demand.remove(observer) && this.#isActive) this.#demand.startLinger();
    };
  }

  /**
   * The state for a query. A fresh state without a failure is returned as it is; otherwise the query waits for one poll
   * that it shares with all other queries. It falls back to the last state when polls are held back, once `signal` aborts, or
   * after `FIRST_ANSWER_TIMEOUT_MS`. The poll is cancelled when no query waits and the task is not watched.
   */
  current(signal?: AbortSignal): Promise<WatchState> {
    return answerQuery(this, {
      refresh: () => this.#loadUnlessSubscribed(),
      poll: () => this.#nextPoll(signal),
      signal,
      saved: this.#context.counts.saved,
    });
  }

  /** The state has probably changed: polls a watched task early, unless its token's circuit is not closed. */
  invalidate(): void {
    if (!this.#demand.isWatched || isFinal(this.#state)) return;
    const { kind } = this.#context.schedulers.for(this.credential).presentState;
    this.#schedule.invalidate({ mayHasten: kind === 'closed' });
  }

  /** Stops for good. */
  dispose(): void {
    this.#demand.clear();
    this.#deactivate();
  }

  /** One poll, as a job of the scheduler: claims the tick, calls A2E, and publishes. */
  async run(): Promise<CallOutcome> {
    const begunAt = performance.now();
    const tick = this.#schedule.begin(this.#context.intervals.intervalMs);
    if (this.#demand.isWatched) this.#state = withNextCheck(this.#state, Date.now());
    const known = this.#state.version;
    const version = await this.#cycle.claim(tick, known);
    if (version === null || isFinal(this.#state)) return this.#onClaimLost(known, tick);
    this.#schedule.onClaimed();
    const { state, outcome } = await this.#cycle.read(() => this.#state, version);
    this.#context.counts.saved.add('shared_poll', Math.max(0, this.#demand.readers - 1));
    this.#applyResult(state, begunAt);
    if (this.#state.version === version) this.#cycle.publish(version, this.#state);
    return this.#cycle.end(outcome);
  }

  /** The scheduler holds the due poll back. */
  onBlocked(error: GatewayError): void {
    this.#onPollEnd(isFinal(this.#state) ? this.#state : onHeldBack(this.#state, error));
  }

  /**
   * Another gateway polls this tick. Its result may have arrived while this poll was under way, when no poll is
   * scheduled, so the watch reads the shared state and schedules now.
   */
  async #onClaimLost(known: number, { isHinted }: TickRequest): Promise<CallOutcome> {
    await this.#loadSharedState();
    const invalidated = this.#schedule.end();
    const { version, nextPollInMs, failure } = this.#state;
    if (version > known && nextPollInMs !== null)
      this.#scheduleAfterPeer(nextPollInMs, failure ? 'takeover' : 'follow');
    // The peer that follows the hint may have published before, and its next poll is known then.
    else if (isHinted) this.#scheduleFirstPoll();
    // The winning claim is older than ours, so the tick is free again after one interval even without a published state.
    else this.#scheduleAfterPeer(this.#context.intervals.intervalMs, 'takeover');
    if (invalidated) this.invalidate();
    this.#deactivateUnlessNeeded();
    return this.#cycle.end({ kind: 'skipped' });
  }

  /** Takes over the result of a poll, unless a newer state arrived meanwhile, and schedules the next poll. */
  #applyResult(next: WatchState, begunAt: number): void {
    const invalidated = this.#schedule.end();
    // Before the next job is scheduled, because the scheduler asks then.
    this.#isProven ||= next.snapshot !== null;
    const isOutdated = isFinal(this.#state) || next.version < this.#state.version;
    const delayMs = this.#planner.count(this.#state, next);
    const mayContinue = !isFinal(isOutdated ? this.#state : next);
    if (this.#demand.isWatched && mayContinue) {
      this.#planner.planRepeat({ begunAt, delayMs, isOutdated, isProven: this.#isProven });
      if (invalidated) this.invalidate();
    }
    this.#onPollEnd(isOutdated ? this.#state : { ...next, nextPollInMs: this.#schedule.nextPollInMs });
  }

  #scheduleAfterPeer(peerInMs: number, role: 'follow' | 'takeover'): void {
    if (!this.#demand.isNeeded || this.#schedule.isPolling || isFinal(this.#state)) return;
    this.#shared.subscribe();
    this.#planner.planAfterPeer(peerInMs, role);
  }

  #onPublished({ version, state }: Versioned<WatchState>): void {
    if (this.#isNews(version)) this.#setState(this.#takePeerState({ ...state, version }));
  }

  /** Resolves to whether the cluster has a state. */
  async #loadSharedState(): Promise<boolean> {
    const stored = await this.#shared.read();
    if (stored) this.#onPublished(stored);
    return stored !== null;
  }

  /** A subscribed watch has the shared state already. */
  async #loadUnlessSubscribed(): Promise<void> {
    if (!this.#shared.isSubscribed) await this.#loadSharedState();
  }

  /** Demands a poll, and waits for its end; false when the time is over before, or `signal` aborts. */
  async #nextPoll(signal: AbortSignal | undefined): Promise<boolean> {
    const { queries } = this.#demand;
    const polled = queries.wait(this.#context.firstAnswerMs, signal);
    if (queries.size > 0) this.#schedule.expedite(this.#demand);
    const isAnswered = await polled;
    this.#deactivateUnlessNeeded();
    return isAnswered;
  }

  #isNews(version: number): boolean {
    return version > this.#state.version && !isFinal(this.#state);
  }

  #takePeerState(peer: WatchState): WatchState {
    const merged = mergePeerState(this.#state, peer);
    this.#isProven ||= merged.snapshot !== null;
    this.#planner.count(this.#state, merged);
    const { attemptedAt } = merged;
    if (!merged.failure && attemptedAt !== null)
      this.#context.schedulers.for(this.credential).onPeer({ kind: 'peer-answered', at: attemptedAt });
    // A stored state that is older than the interval saves no poll: the watch polls at once.
    if (isFresh(merged, this.#context.intervals.intervalMs))
      this.#context.counts.saved.add('peer_poll', this.#demand.readers);
    const role = peer.failure ? 'takeover' : 'follow';
    this.#scheduleAfterPeer(peer.nextPollInMs ?? this.#context.intervals.intervalMs, role);
    return merged;
  }

  /** Queries that wait have their answer, even if the poll brought no state. */
  #onPollEnd(next: WatchState): void {
    this.#setState(next);
    this.#demand.notifyAnswered();
    this.#deactivateUnlessNeeded();
  }

  #setState(next: WatchState): void {
    const changed = hasChanged(this.#state, next);
    this.#state = next;
    this.#refreshNextCheck();
    if (changed) this.#demand.notify(this.#state);
    if (this.isFresh) this.#demand.notifyAnswered();
    if (isFinal(next)) this.#deactivate();
    else this.#deactivateUnlessNeeded();
  }

  /** Keeps `nextCheckAt` true, because only the scheduler knows when the job will run. */
  #refreshNextCheck(): void {
    const isPolled = this.#demand.isWatched && !isFinal(this.#state);
    const shown = this.#state.snapshot?.nextCheckAt ?? null;
    this.#state = withNextCheck(this.#state, isPolled ? nextCheckInstant(shown, this.#schedule.nextPollInMs) : null);
  }

  #activate(): void {
    if (this.#isActive) return;
    this.#isActive = true;
    this.#planner.restart();
    this.#shared.subscribe();
    this.#onActiveChange({ active: true });
    void this.#shared.hydrate(() => this.#hydrate());
  }

  /**
   * Reads the shared state, and schedules the first poll. Other gateways may have shown newer states than this watch
   * remembers. Where the cluster cannot be reached, or has lost the state, observers receive the state of the first poll, or
   * the remembered one if the poll does not end in time.
   */
  async #hydrate(): Promise<void> {
    const isShared = await this.#loadSharedState();
    const { cluster, intervals } = this.#context;
    const isOutdated = !isShared && cluster.health !== 'single' && this.#state.snapshot !== null && !this.isFresh;
    const polled = isOutdated && this.#isActive ? this.#demand.waitForFirstPoll(intervals.intervalMs) : null;
    this.#scheduleFirstPoll();
    await polled;
  }

  #scheduleFirstPoll(): void {
    if (!this.#isActive || this.#schedule.isPolling || isFinal(this.#state)) return;
    const { attemptedAt } = this.#state;
    if (attemptedAt === null || this.#demand.queries.size > 0) return this.#schedule.expedite(this.#demand);
    this.#planner.planFirst({ ...this.#state, attemptedAt });
  }

  #deactivateUnlessNeeded(): void {
    if (!this.#demand.isNeeded) this.#deactivate();
  }

  #deactivate(): void {
    this.#demand.endLinger();
    this.#schedule.cancel();
    this.#shared.unsubscribe();
    this.#state = { ...this.#state, nextPollInMs: null };
    this.#refreshNextCheck();
    if (!this.#isActive) return;
    this.#isActive = false;
    this.#onActiveChange({ active: false });
  }
}
