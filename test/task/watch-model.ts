import assert from 'node:assert/strict';
import type { MemoryCluster } from '../../src/cluster/memory/memory-cluster.ts';
import { Forbidden, TaskNotFound } from '../../src/errors.ts';
import type { Credential } from '../../src/task/credential.ts';
import { sameState, type TaskSnapshot } from '../../src/task/task-snapshot.ts';
import { awaitsResult, isComplete, type VideoTask } from '../../src/task/video-task.ts';
import type { WatchState } from '../../src/task/watch-state.ts';
import { A2eTruth, IDS, type Id, type UpstreamMode } from './a2e-truth.ts';
import { AnswerHistory } from './answer-history.ts';
import { FailingTenant, type Trouble } from './failing-tenant.ts';
import { ScriptedSource } from './scripted-source.ts';
import { OWN, TaskHarness, type Watcher } from './task-harness.ts';

export const INTERVAL_MS = 1_000;
const MAX_INTERVAL_MS = 3_000;
const LINGER_MS = 1_000;
const GRACE_MS = 3_000;
const FIRST_ANSWER_MS = 5_000;
/** The contract's grace for the result of a SUCCESS. */
const RESULT_GRACE_MS = 30_000;
/** A poll under way, of this or another gateway, may take so long. */
const MAX_QUERY_MS = 15_000;
/** The scheduler spreads waiting calls over an interval, and a follower polls a fifth of an interval later. */
const SLACK_MS = 1_000;

let models = 0;

interface Subscriber {
  readonly id: Id;
  readonly harness: TaskHarness;
  readonly watcher: Watcher;
  /** The number of events that have been checked. */
  checked: number;
  /** The end has been checked, by the answers until then. */
  endChecked: boolean;
}

/**
 * A2E, its answers so far, and the subscribers: enough to check after every step that the harnesses keep the contract's
 * rules 1 to 12 of a subscription. All times are monotonic.
 */
export class UpstreamModel implements AsyncDisposable {
  readonly source: ScriptedSource;
  readonly harnesses: readonly TaskHarness[];
  readonly subscribers: Subscriber[] = [];
  readonly credential: Credential;
  readonly tenant = new FailingTenant();
  readonly #history = new AnswerHistory();
  readonly #truth = new A2eTruth();
  /** Broken rules noticed during a call, where the harness would take an assertion for an error of A2E. */
  readonly #violations: string[] = [];
  /** Ids that a query waits for. */
  readonly #queried = new Set<string>();
  /** Ids that a gateway has shown as finished. */
  readonly #finished = new Set<string>();
  readonly #running = new Map<string, number>();
  /** The end of the last reason to call for a task; infinite while there is one. */
  readonly #wantedUntil = new Map<string, number>();
  /** From the first fault that is evidence against the origin or the token, a state may be stale. */
  #hadFault = false;

  /** @param clusters one per gateway; other topics on them are left alone */
  constructor(clusters: readonly MemoryCluster<WatchState>[], latencyMs: number) {
    models += 1;
    this.credential = { ...OWN, key: `own-${models}` };
    this.source = new ScriptedSource((id) => this.tenant.answer(id)?.answer ?? this.#answer(id));
    this.source.latencyMs = latencyMs;
    const times = { intervalMs: INTERVAL_MS, maxIntervalMs: MAX_INTERVAL_MS, lingerMs: LINGER_MS };
    const options = { source: this.source, ...times, firstAnswerMs: FIRST_ANSWER_MS, maxCached: 10 };
    this.harnesses = clusters.map((cluster) => new TaskHarness({ ...options, cluster }));
    this.change('a', 'PROCESS');
    this.change('b', 'INIT');
    const read = this.source.read.bind(this.source);
    this.source.read = async (id, credential) => {
      this.#onCall(id);
      const { latencyMs: tenantMs } = this.tenant.answer(id) ?? { latencyMs: 0 };
      if (tenantMs > 0) await new Promise((resolve) => setTimeout(resolve, tenantMs));
      return read(id, credential).finally(() => this.#running.set(id, (this.#running.get(id) ?? 0) - 1));
    };
  }

  harness(n: number): TaskHarness {
    return this.harnesses[n % this.harnesses.length] as TaskHarness;
  }

  set mode(mode: UpstreamMode) {
    this.#truth.mode = mode;
    this.#hadFault ||= mode !== 'fine';
  }

  /** A2E changes a task; a complete one stays as it is. */
  change(id: Id, status: VideoTask['status'], rest: Partial<VideoTask> = {}): void {
    this.#truth.change(id, status, rest);
  }

  subscribe(id: Id, gateway: number): Subscriber {
    this.#wantedUntil.set(id, Number.POSITIVE_INFINITY);
    const harness = this.harness(gateway);
    const subscriber = { id, harness, watcher: harness.subscribe(id, this.credential), checked: 0, endChecked: false };
    this.subscribers.push(subscriber);
    return subscriber;
  }

  unsubscribe(index: number): void {
    this.subscribers[index % this.subscribers.length]?.watcher.leave();
  }

  /** The tenant asks only beside a proven task that is polled, because its failures are evidence alone otherwise. */
  letTenantAsk(trouble: Trouble, count: number, gateway: number): void {
    const harness = this.harness(gateway);
    if (this.#pollsProvenTask(harness)) this.tenant.ask(harness, this.credential, trouble, count);
  }

  /** @param pass lets time pass, in ms. */
  async query(id: Id, gateway: number, pass: (ms: number) => Promise<unknown>): Promise<void> {
    const last = this.#history.last(id);
    // Two ms short of an interval: a poll that is due while the query waits is not the query's call.
    const isFresh = last !== undefined && !last.error && performance.now() - last.at < INTERVAL_MS - 2;
    const free = this.isFinished(id) || isFresh;
    const before = this.source.times(id).length;
    this.#wantedUntil.set(id, Number.POSITIVE_INFINITY);
    this.#queried.add(id);
    let answered = false;
    const answer = this.harness(gateway)
      .registry.get(id, this.credential)
      .then(
        (snapshot) => ({ snapshot, error: null }),
        (error: unknown) => ({ snapshot: null, error }),
      )
      .finally(() => {
        answered = true;
      });
    await pass(1);
    assert(answered || !free, 'a query that has to wait');
    for (let waited = 0; !answered && waited < MAX_QUERY_MS; waited += 20) await pass(20);
    assert(answered, 'a query without an answer');
    const { snapshot, error } = await answer;
    this.#queried.delete(id);
    this.#wantedUntil.set(id, this.#isWanted(id) ? Number.POSITIVE_INFINITY : this.#wantedFrom(performance.now()));
    // Rule 8
    if (free) assert.equal(this.source.times(id).length - before, 0, 'calls for a query');
    if (free) assert.equal(error, null);
    if (snapshot) this.#checkState(id, snapshot);
    assert((snapshot && !error) || !this.#history.isKnown(id), 'no state, although there is one');
  }

  /** Checks all events since the last check. */
  check(): void {
    for (const harness of this.harnesses)
      this.#hadFault ||= this.tenant.isActive(harness) && !this.#pollsProvenTask(harness);
    for (const subscriber of this.subscribers) this.#checkSubscriber(subscriber);
    this.#noteWanted();
    assert.deepEqual(this.#violations, []);
  }

  /** Every subscriber that is left shows the truth, or has ended. */
  get settled(): boolean {
    return this.subscribers.every(({ id, watcher: { end, last } }) => {
      const isTrue = last?.task === this.#truth.taskOf(id) && !last?.stale;
      return end !== 'open' || (isTrue && last && !isComplete(last.task) && !awaitsResult(last.task));
    });
  }

  /** When A2E has been fine for long, every subscriber that is left shows the truth. */
  checkSettled(): void {
    for (const { id, watcher } of this.subscribers) {
      if (watcher.end === 'left' || watcher.end === 'failed') continue;
      const { last } = watcher;
      assert(last, 'a subscriber without a state');
      assert(!last.stale, 'stale for ever');
      assert.equal(watcher.end, last.finished ? 'completed' : 'open');
      if (!last.finished || isComplete(last.task))
        assert.equal(last.task.message, this.#truth.taskOf(id)?.message, 'not the newest state');
    }
  }

  /** The task has finished, as A2E or a gateway has shown. */
  isFinished(id: string): boolean {
    return this.#history.isComplete(id) || this.#finished.has(id);
  }

  /** A2E has shown the task, and has not called it unknown for five minutes since. */
  isKnown(id: string): boolean {
    return this.#history.isKnown(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { watcher } of this.subscribers) watcher.leave();
    this.tenant.leave();
    for (const harness of this.harnesses) await harness[Symbol.asyncDispose]();
  }

  #answer(id: string): VideoTask | null | Error {
    const { task, error } = this.#truth.answer(id);
    this.#history.record(id, { task, error });
    return error ?? task;
  }

  /** A proven task is polled through this gateway, so that a failure of another task has a counterexample. */
  #pollsProvenTask(harness: TaskHarness): boolean {
    return this.subscribers.some((each) => {
      return each.harness === harness && each.watcher.end === 'open' && each.watcher.last !== undefined;
    });
  }

  #isWanted(id: string): boolean {
    return this.#queried.has(id) || this.subscribers.some((each) => each.id === id && each.watcher.end === 'open');
  }

  #wantedFrom(endedAt: number): number {
    return endedAt + LINGER_MS + INTERVAL_MS + SLACK_MS;
  }

  /** Notes since when a task has had no subscriber. */
  #noteWanted(): void {
    for (const id of IDS) {
      if (this.#isWanted(id) || this.#wantedUntil.get(id) !== Number.POSITIVE_INFINITY) continue;
      const left = this.subscribers.filter((each) => each.id === id).map(({ watcher }) => watcher.endedAt ?? 0);
      this.#wantedUntil.set(id, this.#wantedFrom(Math.max(0, ...left)));
    }
  }

  /** Rules 4 and 7: the tasks that may be called for at all. One gateway never makes two calls for a task at a time. */
  #onCall(id: string): void {
    const running = (this.#running.get(id) ?? 0) + 1;
    this.#running.set(id, running);
    if (running > this.harnesses.length) this.#violations.push(`calls for ${id} that overlap`);
    if (this.tenant.answer(id)) return;
    this.#noteWanted();
    if (this.isFinished(id)) this.#violations.push(`a call for ${id}, which has finished`);
    if (performance.now() > (this.#wantedUntil.get(id) ?? 0)) this.#violations.push(`an unwanted call for ${id}`);
  }

  #checkSubscriber(subscriber: Subscriber): void {
    const { id, watcher } = subscriber;
    const { states, last } = watcher;
    for (let at = subscriber.checked; at < states.length; at += 1) {
      const [before, state] = [states[at - 1], states[at] as TaskSnapshot];
      this.#checkState(id, state);
      if (!before) continue;
      // Rule 2: no two equal ones in a row. Rule 3: never backwards. Rule 4: no event after the final one.
      assert(!sameState(before, state), 'equal states in a row');
      assert(Number(before.task.message) <= Number(state.task.message), 'a step backwards');
      assert(!before.finished, 'an event after the final one');
    }
    subscriber.checked = states.length;
    const isOpen = watcher.end === 'open';
    if (isOpen && last && this.#history.isMissed(id)) assert(last.stale, 'a missed poll that does not show');
    assert(watcher.end !== 'completed' || last?.finished, 'completed too soon');
    assert(!isOpen || !last?.finished, 'not completed');
    if (watcher.end === 'failed' && !subscriber.endChecked) this.#checkFailure(id, watcher);
    subscriber.endChecked = !isOpen;
    if (isOpen && last) this.#checkPunctual(id, watcher);
  }

  /** Rule 6: the errors that may end a subscription. Rule 11: the only one that may after a state; it has no grace. */
  #checkFailure(id: Id, { error, states, since, endedAt }: Watcher): void {
    if (states.length > 0) {
      assert(error instanceof TaskNotFound, 'ended although there is a state');
      assert(!this.#history.isKnown(id), 'gone too soon');
      return;
    }
    if (error instanceof TaskNotFound && this.#history.isGone(id)) return;
    const lived = (endedAt ?? 0) - since;
    const isAbsent = error instanceof TaskNotFound || error instanceof Forbidden;
    assert(lived >= (isAbsent ? GRACE_MS : FIRST_ANSWER_MS), 'ended too soon');
    assert(lived <= FIRST_ANSWER_MS, 'ended too late');
  }

  /** Rule 9: without a fault of its own a task is polled in time, also beside the failing ids of another caller. */
  #checkPunctual(id: Id, watcher: Watcher): void {
    if (this.#hadFault) return;
    const boundMs = MAX_INTERVAL_MS + INTERVAL_MS + SLACK_MS + this.source.latencyMs;
    const now = performance.now();
    if (now - watcher.since < boundMs) return;
    assert(now - (this.#history.last(id)?.at ?? 0) <= boundMs, 'a poll that is late');
  }

  #checkState(id: string, { task, finished, stale, stages }: TaskSnapshot): void {
    assert(this.#history.hasShown(task), `a state of ${id} that A2E has never shown`);
    assert(!stale || this.#hadFault, 'stale without a fault');
    // Rule 10
    const isGraceOver = awaitsResult(task) && this.#history.awaitingForMs(id) >= RESULT_GRACE_MS;
    const wasFinished = this.#finished.has(id);
    assert(isComplete(task) ? finished : !finished || isGraceOver || wasFinished, 'not the right end');
    if (finished) this.#finished.add(id);
    // Rule 12
    for (const [at, { enteredAt, leftAt }] of stages.entries()) {
      assert.equal(leftAt === null, at === stages.length - 1, 'a stage without an end');
      assert(at === 0 || enteredAt >= (stages[at - 1]?.enteredAt ?? 0), 'stages out of order');
    }
    assert.equal(stages.at(-1)?.status, task.status);
  }
}
