import { MemoryCluster } from '../../src/cluster/memory-cluster.ts';
import type { MemoryHub } from '../../src/cluster/memory-hub.ts';
import { CallLanes } from '../../src/task/lane/call-lanes.ts';
import type { LaneEvent } from '../../src/task/lane/lane-options.ts';
import type { TaskFault } from '../../src/task/task-fault.ts';
import { patienceFor } from '../../src/task/task-observer.ts';
import { TaskRegistry } from '../../src/task/task-registry.ts';
import type { TaskSnapshot } from '../../src/task/task-snapshot.ts';
import type { Credential } from '../../src/task/task-source.ts';
import { streamTask, streamTasks } from '../../src/task/task-stream.ts';
import type { WatchState } from '../../src/task/watch-state.ts';
import { ScriptedSource } from './scripted-source.ts';

export const OWN: Credential = { key: 'own', token: 'own-token', owner: 'gateway' };

/** The credential of a caller in passthrough. */
export function callers(name: string): Credential {
  return { key: `caller-${name}`, token: name, owner: 'caller' };
}

export interface HeartOptions {
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
  readonly maxIdle?: number;
}

/** A registry with its lanes on a cluster in memory, as a gateway has it, in front of a scripted upstream. */
export class Heart implements AsyncDisposable {
  readonly source: ScriptedSource;
  readonly cluster: MemoryCluster<WatchState>;
  readonly lanes: CallLanes;
  readonly registry: TaskRegistry;
  readonly events: LaneEvent[] = [];
  readonly unforeseen: unknown[] = [];
  readonly #lent: boolean;
  readonly #patience: ReturnType<typeof patienceFor>;

  constructor(options: HeartOptions = {}) {
    const { source = new ScriptedSource(), hub, intervalMs = 1000, lingerMs = 1000, firstAnswerMs = 15_000 } = options;
    const { maxConcurrency = 64, maxRps = null, maxIntervalMs = intervalMs, maxIdle = 10_000 } = options;
    this.source = source;
    this.cluster = options.cluster ?? new MemoryCluster<WatchState>(hub ? { hub } : {});
    this.#lent = options.cluster !== undefined;
    const onEvent = (event: LaneEvent) => void this.events.push(event);
    const shared = hub || this.#lent ? this.cluster : undefined;
    this.lanes = new CallLanes({ maxConcurrency, maxRps, intervalMs, onEvent, shared });
    const pace = { intervalMs, maxIntervalMs };
    const onUnforeseen = (error: unknown) => void this.unforeseen.push(error);
    const { cluster, lanes } = this;
    const times = { pace, lingerMs, firstAnswerMs };
    this.registry = new TaskRegistry({ source, cluster, lanes, ...times, maxIdle, onUnforeseen });
    this.#patience = patienceFor(intervalMs, firstAnswerMs);
  }

  subscribe(id: string, credential: Credential = OWN): Watcher {
    return new Watcher(streamTask(this.registry.watch(id, credential), this.#patience));
  }

  subscribeAll(ids: readonly string[], credential: Credential = OWN): Watcher {
    const watches = ids.map((id) => this.registry.watch(id, credential));
    return new Watcher(streamTasks(watches, this.#patience));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.registry[Symbol.dispose]();
    this.lanes[Symbol.dispose]();
    if (!this.#lent) await this.cluster[Symbol.asyncDispose]();
  }
}

/** One subscriber that reads whatever comes at once. */
export class Watcher {
  readonly since = Date.now();
  readonly events: (TaskSnapshot | TaskFault)[] = [];
  error: unknown = null;
  end: 'open' | 'completed' | 'failed' | 'left' = 'open';
  endedAt: number | null = null;
  readonly #stream: AsyncIterableIterator<TaskSnapshot | TaskFault, undefined>;

  constructor(stream: AsyncIterableIterator<TaskSnapshot | TaskFault, undefined>) {
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
    this.endedAt = Date.now();
  }
}
