import assert from 'node:assert/strict';
import type { MemoryCluster } from '../../src/cluster/memory/memory-cluster.ts';
import { TaskNotFound, UpstreamBadResponse, UpstreamRateLimited, UpstreamUnavailable } from '../../src/errors.ts';
import type { Credential } from '../../src/task/credential.ts';
import { sameState, type TaskSnapshot } from '../../src/task/task-snapshot.ts';
import { isComplete, type VideoTask } from '../../src/task/video-task.ts';
import type { WatchState } from '../../src/task/watch-state.ts';
import { report, ScriptedSource } from './scripted-source.ts';
import { OWN, TaskHarness, type Watcher } from './task-harness.ts';

export const IDS = ['a', 'b', 'c'] as const;
export type Id = (typeof IDS)[number];
export type UpstreamMode = 'fine' | 'down' | 'garbage' | 'limited' | 'forgetful';

export const INTERVAL_MS = 1_000;
const LINGER_MS = 1_000;
const GRACE_MS = 3_000;
const FIRST_ANSWER_MS = 5_000;
const RETRY_AFTER_MS = 4_000;
/** As long as a poll under way, or one of another gateway, may take. */
const MAX_QUERY_MS = 15_000;
/** The scheduler spreads the delayed jobs over an interval, and a cluster's follower comes a fifth of one later. */
const SLACK_MS = 1_000;

const FAULTS: Readonly<Record<UpstreamMode, () => Error | null>> = {
  fine: () => null,
  forgetful: () => null,
  down: () => new UpstreamUnavailable('down'),
  garbage: () => new UpstreamBadResponse('garbage'),
  limited: () => new UpstreamRateLimited('limited', { retryAfterMs: RETRY_AFTER_MS }),
};

let worlds = 0;

/** What is true of one task at A2E: each change has a higher number, which `message` carries. */
interface Truth {
  task: VideoTask | null;
  changes: number;
}

/** One answer as A2E gave it. */
interface Given {
  readonly at: number;
  readonly task: VideoTask | null;
  readonly failed: boolean;
}

interface Subscriber {
  readonly id: Id;
  readonly watcher: Watcher;
  /** How many events have been checked. */
  checked: number;
}

/**
 * A2E as it is, what it has answered so far, and who watches: enough to say for each of the eight rules of a
 * subscription whether the harness keeps it.
 */
export class UpstreamModel implements AsyncDisposable {
  readonly source: ScriptedSource;
  readonly harnesses: readonly TaskHarness[];
  readonly subscribers: Subscriber[] = [];
  readonly credential: Credential;
  weather: UpstreamMode = 'fine';
  readonly #truths = new Map<string, Truth>(IDS.map((id) => [id, { task: null, changes: 0 }]));
  /** What was wrong at a call, where the harness would take an assertion for a fault of A2E. */
  readonly #violations: string[] = [];
  /** What a query is waiting for. */
  readonly #asked = new Set<string>();
  readonly #shown = new Set<VideoTask | null>();
  readonly #given = new Map<string, Given[]>(IDS.map((id) => [id, []]));
  /** When a caller last had a reason to call for a task; infinite while the task is watched. */
  readonly #wantedUntil = new Map<string, number>();

  /** @param clusters one per gateway; what happened on them before is of no matter. */
  constructor(clusters: readonly MemoryCluster<WatchState>[], latencyMs: number) {
    worlds += 1;
    this.credential = { ...OWN, key: `own-${worlds}` };
    this.source = new ScriptedSource((id) => this.#answer(id));
    this.source.latencyMs = latencyMs;
    const options = { source: this.source, intervalMs: INTERVAL_MS, maxIntervalMs: 3_000, lingerMs: LINGER_MS };
    this.harnesses = clusters.map(
      (cluster) => new TaskHarness({ ...options, cluster, firstAnswerMs: FIRST_ANSWER_MS, maxCached: 10 }),
    );
    this.change('a', 'PROCESS');
    this.change('b', 'INIT');
    const read = this.source.read.bind(this.source);
    this.source.read = (id, credential) => {
      this.#mayCall(id);
      return read(id, credential);
    };
  }

  harness(n: number): TaskHarness {
    return this.harnesses[n % this.harnesses.length] as TaskHarness;
  }

  /** A2E changes its mind about a task; a finished one stays as it is. */
  change(id: Id, status: VideoTask['status']): void {
    const truth = this.#truths.get(id) as Truth;
    if (truth.task && isComplete(truth.task)) return;
    truth.changes += 1;
    truth.task = report(id, status, { message: String(truth.changes) });
  }

  subscribe(id: Id, gateway: number): Subscriber {
    this.#wantedUntil.set(id, Number.POSITIVE_INFINITY);
    const subscriber = { id, watcher: this.harness(gateway).subscribe(id, this.credential), checked: 0 };
    this.subscribers.push(subscriber);
    return subscriber;
  }

  unsubscribe(index: number): void {
    this.subscribers[index % this.subscribers.length]?.watcher.leave();
  }

  /** @param pass lets time pass, in ms. */
  async query(id: Id, gateway: number, pass: (ms: number) => Promise<unknown>): Promise<void> {
    const known = this.lastGiven(id);
    // Two ms short of an interval: a poll that is due while the query is answered is not its call.
    const free = this.finished(id) || (known !== undefined && !known.failed && Date.now() - known.at < INTERVAL_MS - 2);
    const before = this.source.times(id).length;
    this.#wantedUntil.set(id, Number.POSITIVE_INFINITY);
    this.#asked.add(id);
    const answer = this.harness(gateway)
      .registry.get(id, this.credential)
      .then(
        (snapshot) => ({ snapshot, error: null }),
        (error: unknown) => ({ snapshot: null, error }),
      );
    let answered = false;
    void answer.then(() => {
      answered = true;
    });
    await pass(1);
    assert(answered || !free, 'a query that has to wait');
    for (let waited = 0; !answered && waited < MAX_QUERY_MS; waited += 20) await pass(20);
    assert(answered, 'a query that is never answered');
    const { snapshot, error } = await answer;
    this.#asked.delete(id);
    this.#wantedUntil.set(
      id,
      this.#wanted(id) ? Number.POSITIVE_INFINITY : Date.now() + LINGER_MS + INTERVAL_MS + SLACK_MS,
    );
    // Rule 8
    if (free) assert.equal(this.source.times(id).length - before, 0, 'calls for a query');
    if (free) assert.equal(error, null);
    if (snapshot) this.#seenAtA2e(id, snapshot);
    assert(!error || !this.everShown(id), 'an error although there is a state');
  }

  /** Looks at everything that has happened since the last time. */
  check(): void {
    assert(this.harnesses.length > 1 || this.source.maxRunning <= IDS.length, 'calls that overlap');
    for (const subscriber of this.subscribers) this.#checkSubscriber(subscriber);
    this.#noteWho();
    assert.deepEqual(this.#violations, []);
  }

  /** Notes since when a task has had no watcher. */
  #noteWho(): void {
    for (const id of IDS) {
      if (!this.#wanted(id) && this.#wantedUntil.get(id) === Number.POSITIVE_INFINITY) {
        const left = this.subscribers.filter((each) => each.id === id).map(({ watcher }) => watcher.endedAt ?? 0);
        this.#wantedUntil.set(id, Math.max(0, ...left) + LINGER_MS + INTERVAL_MS + SLACK_MS);
      }
    }
  }

  /** Everyone who is left sees what is true, or has been told that there is nothing. */
  get settled(): boolean {
    return this.subscribers.every(({ id, watcher }) => {
      const { end, last } = watcher;
      return end !== 'open' || (last?.task === this.#truths.get(id)?.task && !last?.stale && !this.finished(id));
    });
  }

  /** When A2E has been well for long, everyone who is left sees what is true. */
  checkSettled(): void {
    for (const { id, watcher } of this.subscribers) {
      const truth = this.#truths.get(id)?.task;
      if (watcher.end === 'left' || watcher.end === 'failed') continue;
      assert(watcher.last, 'a watcher without a state');
      assert.equal(watcher.last.task.message, truth?.message, 'not the newest state');
      assert(!watcher.last.stale, 'stale for ever');
      assert.equal(watcher.end, this.finished(id) ? 'completed' : 'open');
    }
  }

  lastGiven(id: string): Given | undefined {
    return this.#given.get(id)?.at(-1);
  }

  /** A2E has told that the task has finished. */
  finished(id: string): boolean {
    return this.#given.get(id)?.some(({ task }) => task && isComplete(task)) ?? false;
  }

  everShown(id: string): boolean {
    return this.#given.get(id)?.some(({ task }) => task !== null) ?? false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { watcher } of this.subscribers) watcher.leave();
    for (const harness of this.harnesses) await harness[Symbol.asyncDispose]();
  }

  #answer(id: string): VideoTask | null | Error {
    const fault = FAULTS[this.weather]();
    const task = this.weather === 'forgetful' ? null : (this.#truths.get(id)?.task ?? null);
    this.#given.get(id)?.push({ at: Date.now(), task: fault ? null : task, failed: fault !== null });
    this.#shown.add(task);
    return fault ?? task;
  }

  #wanted(id: string): boolean {
    return this.#asked.has(id) || this.subscribers.some((each) => each.id === id && each.watcher.end === 'open');
  }

  /** Rules 4 and 7: who may be called for at all. */
  #mayCall(id: string): void {
    this.#noteWho();
    if (this.finished(id)) this.#violations.push(`a call for ${id}, which has finished`);
    if (Date.now() > (this.#wantedUntil.get(id) ?? 0)) this.#violations.push(`a call for ${id}, which no caller wants`);
  }

  #checkSubscriber(subscriber: Subscriber): void {
    const { id, watcher } = subscriber;
    const { states } = watcher;
    for (let at = subscriber.checked; at < states.length; at += 1) {
      const [before, state] = [states[at - 1], states[at] as TaskSnapshot];
      this.#seenAtA2e(id, state);
      if (!before) continue;
      // Rule 2: no two equal ones in a row. Rule 3: never backwards. Rule 4: nothing after the final one.
      assert(!sameState(before, state), 'equal states in a row');
      assert(Number(before.task.message) <= Number(state.task.message), 'a step backwards');
      assert(!isComplete(before.task), 'an event after the final one');
    }
    subscriber.checked = states.length;
    const given = this.lastGiven(id);
    const missed = given !== undefined && (given.failed || given.task === null);
    if (watcher.end === 'open' && watcher.last && missed)
      assert(watcher.last.stale, 'a missed poll that does not show');
    assert(watcher.end !== 'completed' || (watcher.last && isComplete(watcher.last.task)), 'completed too soon');
    if (watcher.end === 'failed') this.#checkFailure(watcher);
  }

  /** Rule 6: what may end a subscription. */
  #checkFailure({ error, states, since, endedAt }: Watcher): void {
    assert.equal(states.length, 0, 'ended although there is a state');
    const lived = (endedAt ?? 0) - since;
    assert(lived >= (error instanceof TaskNotFound ? GRACE_MS : FIRST_ANSWER_MS), 'ended too soon');
    assert(lived <= FIRST_ANSWER_MS, 'ended too late');
  }

  #seenAtA2e(id: string, { task }: TaskSnapshot): void {
    assert(this.#shown.has(task), `a state of ${id} that A2E never told of`);
  }
}
