import type { Cluster } from '../cluster/contract.ts';
import type { CallLanes } from './lane/call-lanes.ts';
import type { PollPace } from './poll-pace.ts';
import type { Credential, TaskSource } from './task-source.ts';
import type { TaskWatch } from './task-watch.ts';
import type { WatchState } from './watch-state.ts';

/** Told whenever the watch has a state that a watcher must hear of. */
export interface WatchObserver {
  changed(state: WatchState): void;
}

/** What all watches of a gateway share. */
export interface WatchContext {
  readonly source: TaskSource;
  readonly cluster: Cluster<WatchState>;
  readonly lanes: CallLanes;
  readonly pace: PollPace;
  /** `POLL_LINGER_MS` */
  readonly lingerMs: number;
  /** `FIRST_ANSWER_TIMEOUT_MS`: how long a query waits for a check. */
  readonly firstAnswerMs: number;
  /** The watch has begun, or ceased, to be watched. */
  readonly onActivity: (watch: TaskWatch, active: boolean) => void;
  /** A check failed with something that is no error of upstream. */
  readonly onUnforeseen: (error: unknown) => void;
}

/** Names the watch of a task through a credential. */
export function watchKey(id: string, credential: Credential): string {
  return `${credential.key}:${id}`;
}
