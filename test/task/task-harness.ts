import { MemoryCluster } from '../../src/cluster/memory/memory-cluster.ts';
import type { MemoryHub } from '../../src/cluster/memory/memory-hub.ts';
import type { PolledTasks } from '../../src/scheduling/polled-tasks.ts';
import type { CallListener, SchedulerEvent } from '../../src/scheduling/scheduler-options.ts';
import { SchedulerRegistry } from '../../src/scheduling/scheduler-registry.ts';
import type { Credential } from '../../src/task/credential.ts';
import { PollCounts } from '../../src/task/poll-counts.ts';
import type { TaskErrorEvent } from '../../src/task/task-error-event.ts';
import { subscriptionTimeouts } from '../../src/task/task-observer.ts';
import { TaskRegistry } from '../../src/task/task-registry.ts';
import type { TaskSnapshot } from '../../src/task/task-snapshot.ts';
import { streamTask, streamTasks } from '../../src/task/task-stream.ts';
import type { WatchState } from '../../src/task/watch-state.ts';
import { ScriptedSource } from './scripted-source.ts';

export const OWN: Credential = { key: 'own', token: 'own-token', owner: 'gateway' };

/** The credential of a caller in passthrough. */
export function callers(name: string): Credential {
  return { key: `caller-${name}`, token: name, owner: 'caller' };
}

export interface TaskHarnessOptions {
  readonly source?: ScriptedSource;
  readonly hub?: MemoryHub<WatchState>;
  /** Lent: it is not disposed of. */
  readonly cluster?: MemoryCluster<WatchState>;
  readonly intervalMs?: number;
  readonly maxIntervalMs?: number;
  readonly lingerMs?: number;
  readonly firstAnswerMs?: number;
  readonly maxConcurrency?: number;
  readonly maxRps?: number | null;
  readonly maxCached?: number;
  /** Judges the calls. */
  readonly health?: { readonly calls: CallListener; readonly polled: PolledTasks };
  /** Places the polls and draws the jitter. */
  readonly random?: () => number;
}

/** A registry with its schedulers on a cluster in memory, as in a gateway, in front of a scripted upstream. */
export class TaskHarness implements AsyncDisposable {
  readonly source: ScriptedSource;
  readonly cluster: MemoryCluster<WatchState>;
  readonly schedulers: SchedulerRegistry;
  readonly registry: TaskRegistry;
  readonly events: SchedulerEvent[] = [];
  readonly counts = new PollCounts();
  readonly unexpectedErrors: unknown[] = [];
  readonly #lent: boolean;
  readonly #timeouts: ReturnType<typeof subscriptionTimeouts>;

  constructor(options: TaskHarnessOptions = {}) {
    const { source = new ScriptedSource(), hub, intervalMs = 1000, lingerMs = 1000, firstAnswerMs = 15_000 } = options;
    const {
      maxConcurrency = 64,
      maxRps = null,
      maxIntervalMs = intervalMs,
      maxCached = 10_000,
      random = Math.random,
    } = options;
    this.source = source;
    this.cluster = options.cluster ?? new MemoryCluster<WatchState>(hub ? { hub } : {});
    this.#lent = options.cluster !== undefined;
    const onEvent = (event: SchedulerEvent) => void this.events.push(event);
    const shared = hub || this.#lent ? this.cluster : undefined;
    this.schedulers = new SchedulerRegistry({
      ...{ maxConcurrency, maxRps, intervalMs, onEvent, shared, random },
      ...options.health,
    });
    const intervals = { intervalMs, maxIntervalMs, random };
    const onUnexpectedError = (error: unknown) => void this.unexpectedErrors.push(error);
    const { cluster, schedulers } = this;
    const times = { intervals, lingerMs, firstAnswerMs };
    this.registry = new TaskRegistry({
      source,
      cluster,
      schedulers,
      ...times,
      maxCached,
      onUnexpectedError,
      counts: this.counts,
    });
    this.#timeouts = subscriptionTimeouts(intervalMs, firstAnswerMs);
  }

  /** A query, answered after `pass` has let the fake clock run. */
  async get(id: string, pass: () => Promise<unknown>): Promise<TaskSnapshot | null> {
    const answer = this.registry.get(id, OWN);
    answer.catch(() => {});
    await pass();
    return answer;
  }

  subscribe(id: string, credential: Credential = OWN): Watcher {
    return new Watcher(streamTask(this.registry.watch(id, credential), this.#timeouts));
  }

  subscribeAll(ids: readonly string[], credential: Credential = OWN): Watcher {
    const watches = ids.map((id) => this.registry.watch(id, credential));
    return new Watcher(streamTasks(watches, this.#timeouts));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.registry[Symbol.dispose]();
    this.schedulers[Symbol.dispose]();
    if (!this.#lent) await this.cluster[Symbol.asyncDispose]();
  }
}

/** One subscriber that reads every event at once. Its times are monotonic, in ms. */
export class Watcher {
  readonly since = performance.now();
  readonly events: (TaskSnapshot | TaskErrorEvent)[] = [];
  error: unknown = null;
  end: 'open' | 'completed' | 'failed' | 'left' = 'open';
  endedAt: number | null = null;
  readonly #stream: AsyncIterableIterator<TaskSnapshot | TaskErrorEvent, undefined>;

  constructor(stream: AsyncIterableIterator<TaskSnapshot | TaskErrorEvent, undefined>) {
    this.#stream = stream;
    void this.#read();
  }

  /** The states received, in order. */
  get states(): TaskSnapshot[] {
    return this.events.filter((event) => 'task' in event);
  }

  get last(): TaskSnapshot | undefined {
    return this.states.at(-1);
  }

  leave(): void {
    if (this.end === 'open') this.#finish('left');
    void this.#stream.return?.();
  }

  async #read(): Promise<void> {
    try {
      for await (const event of this.#stream) if (this.end === 'open') this.events.push(event);
      this.#finish('completed');
    } catch (error) {
      this.error = error;
      this.#finish('failed');
    }
  }

  #finish(end: Watcher['end']): void {
    if (this.end !== 'open') return;
    this.end = end;
    this.endedAt = performance.now();
  }
}
