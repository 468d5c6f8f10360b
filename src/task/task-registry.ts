import { LRUCache } from 'lru-cache';
import type { Cluster } from '../cluster/contract.ts';
import { UpstreamUnavailable } from '../errors.ts';
import type { SchedulerRegistry } from '../scheduling/scheduler-registry.ts';
import type { Credential } from './credential.ts';
import { PollCounts } from './poll-counts.ts';
import type { PollIntervalOptions } from './poll-interval-policy.ts';
import type { PollTracer } from './poll-trace.ts';
import type { TaskSnapshot } from './task-snapshot.ts';
import type { TaskReader } from './task-source.ts';
import { TaskWatch } from './task-watch.ts';
import { type WatchContext, watchKey } from './watch-context.ts';
import { isNotFound, isUnauthenticated, type WatchState } from './watch-state.ts';

export interface TaskRegistryOptions {
  readonly source: TaskReader;
  readonly cluster: Cluster<WatchState>;
  readonly schedulers: SchedulerRegistry;
  readonly intervals: PollIntervalOptions;
  readonly lingerMs: number;
  /** `FIRST_ANSWER_TIMEOUT_MS`: how long {@link TaskRegistry.get} waits for a call. */
  readonly firstAnswerMs: number;
  /** The number of unwatched tasks in the cache; the least recently used one is dropped first. */
  readonly maxCached?: number;
  /** Called with the error of a poll that is no `UpstreamError`. The poll counts as missed. */
  readonly onUnexpectedError?: (error: unknown) => void;
  readonly counts?: PollCounts;
  readonly tracer?: PollTracer;
}

/** All watches of this gateway: the active ones, and a bounded cache of idle ones. */
export class TaskRegistry implements Disposable {
  readonly #context: WatchContext;
  readonly #watched = new Map<string, TaskWatch>();
  readonly #idle: LRUCache<string, TaskWatch>;

  constructor(options: TaskRegistryOptions) {
    const { source, cluster, schedulers, intervals, lingerMs, firstAnswerMs } = options;
    const { maxCached = 10_000, onUnexpectedError = () => {}, counts = new PollCounts(), tracer = null } = options;
    this.#context = {
      source,
      upstreamName: source.name ?? 'A2E',
      cluster,
      schedulers,
      intervals,
      lingerMs,
      firstAnswerMs,
      onUnexpectedError,
      counts,
      tracer,
    };
    this.#idle = new LRUCache({ max: maxCached });
  }

  /** The number of tasks that are being watched. */
  get watchedCount(): number {
    return this.#watched.size;
  }

  /** The number of watched tasks with a last poll that failed. */
  get staleCount(): number {
    let stale = 0;
    for (const watch of this.#watched.values()) if (watch.isStale) stale += 1;
    return stale;
  }

  /** The one watch of this task through this credential. */
  watch(id: string, credential: Credential): TaskWatch {
    const key = watchKey(id, credential);
    const known = this.#watched.get(key) ?? this.#idle.get(key);
    if (known) return known;
    const watch: TaskWatch = new TaskWatch(id, credential, this.#context, (change) => this.#move(watch, change));
    this.#idle.set(key, watch);
    return watch;
  }

  /** A2E has accepted the token in some answer that this gateway remembers. */
  isTokenAccepted({ key }: Credential): boolean {
    return this.#context.schedulers.isTokenAccepted(key);
  }

  /** The active watches of these tasks, through any credential. */
  *activeWatches(ids: ReadonlySet<string>): Generator<TaskWatch> {
    for (const watch of this.#watched.values()) if (ids.has(watch.id)) yield watch;
  }

  /**
   * The state of a task: the known one when it is final or younger than an interval, else after one call. Resolves to null
   * when A2E knows no such task. Rejects with a `GatewayError` when A2E does not answer in time and there is no earlier
   * state. An abort of `signal` ends the wait.
   */
  async get(id: string, credential: Credential, signal?: AbortSignal): Promise<TaskSnapshot | null> {
    const watch = this.watch(id, credential);
    const state = await watch.current(signal);
    if (isUnauthenticated(state) && state.failure) {
      // A client can invent a token for each query, and the cache would hold thousands of watches without a state.
      if (state.snapshot === null) this.#idle.delete(watch.key);
      throw state.failure;
    }
    if (state.snapshot) return state.snapshot;
    if (isNotFound(state)) return null;
    throw state.failure ?? new UpstreamUnavailable('A2E has not answered');
  }

  [Symbol.dispose](): void {
    for (const watch of [...this.#watched.values(), ...this.#idle.values()]) watch.dispose();
    this.#watched.clear();
    this.#idle.clear();
  }

  #move(watch: TaskWatch, { active }: { readonly active: boolean }): void {
    if (active) {
      this.#idle.delete(watch.key);
      this.#watched.set(watch.key, watch);
    } else if (this.#watched.get(watch.key) === watch) {
      this.#watched.delete(watch.key);
      this.#idle.set(watch.key, watch);
    }
  }
}
