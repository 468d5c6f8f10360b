import type { Cluster } from '../cluster/contract.ts';
import type { SchedulerRegistry } from '../scheduling/scheduler-registry.ts';
import type { Credential } from './credential.ts';
import type { PollCounts } from './poll-counts.ts';
import type { PollIntervalOptions } from './poll-interval-policy.ts';
import type { PollTracer } from './poll-trace.ts';
import type { TaskReader } from './task-source.ts';
import type { WatchState } from './watch-state.ts';

/** Receives every state of a watch that differs from the last one for a client. */
export interface WatchObserver {
  /** How many subscriptions of clients it stands for at present. */
  readonly subscribers: number;
  onState(state: WatchState): void;
}

/** The parts that all watches of a gateway share. */
export interface WatchContext {
  readonly source: TaskReader;
  /** The name of the polled API in messages to clients. */
  readonly upstreamName: string;
  readonly cluster: Cluster<WatchState>;
  readonly schedulers: SchedulerRegistry;
  readonly intervals: PollIntervalOptions;
  /** `POLL_LINGER_MS` */
  readonly lingerMs: number;
  /** `FIRST_ANSWER_TIMEOUT_MS`: how long a query waits for a poll. */
  readonly firstAnswerMs: number;
  /** A poll failed with an error that is no `UpstreamError`. */
  readonly onUnexpectedError: (error: unknown) => void;
  readonly counts: PollCounts;
  /** null: polls are not traced. */
  readonly tracer: PollTracer | null;
}

/** Names the watch of a task through a credential. */
export function watchKey(id: string, credential: Credential): string {
  return `${credential.key}:${id}`;
}

/** Called when the watch has gained its first observer (active), or lost its last one for good. */
export type OnActiveChange = (change: { readonly active: boolean }) => void;
