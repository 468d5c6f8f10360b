import type { Cluster } from '../cluster/contract.ts';
import type { SchedulerRegistry } from '../scheduling/scheduler-registry.ts';
import type { Credential } from './credential.ts';
import type { PollIntervalOptions } from './poll-interval-policy.ts';
import type { TaskSource } from './task-source.ts';
import type { TaskWatch } from './task-watch.ts';
import type { WatchState } from './watch-state.ts';

/** Told whenever the watch has a state that a watcher must hear of. */
export interface WatchObserver {
  onState(state: WatchState): void;
}

/** What all watches of a gateway share. */
export interface WatchContext {
  readonly source: TaskSource;
  readonly cluster: Cluster<WatchState>;
  readonly schedulers: SchedulerRegistry;
  readonly intervals: PollIntervalOptions;
  /** `POLL_LINGER_MS` */
  readonly lingerMs: number;
  /** `FIRST_ANSWER_TIMEOUT_MS`: how long a query waits for a check. */
  readonly firstAnswerMs: number;
  /** The watch has begun, or ceased, to be watched. */
  readonly onActiveChange: (watch: TaskWatch, active: boolean) => void;
  /** A check failed with something that is no error of upstream. */
  readonly onUnexpectedError: (error: unknown) => void;
}

/** Names the watch of a task through a credential. */
export function watchKey(id: string, credential: Credential): string {
  return `${credential.key}:${id}`;
}
