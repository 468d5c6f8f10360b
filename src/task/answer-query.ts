import type { PollCounts } from './poll-counts.ts';
import { isNotFound, onQueryTimeout, type WatchState } from './watch-state.ts';

/** The watch that a query asks; its state changes while the query waits. */
export interface QueriedWatch {
  readonly state: WatchState;
  readonly isFresh: boolean;
}

export interface QuerySteps {
  /** Reads the state of the other gateways, unless it is here already. */
  readonly refresh: () => Promise<void>;
  /** Demands a poll, and waits for its end; false when the query's time is over before. */
  readonly poll: () => Promise<boolean>;
  /** The client has gone. */
  readonly signal: AbortSignal | undefined;
  readonly saved: PollCounts['saved'];
}

/** The newest state that a query can have: a known one that is fresh, else the one of the next poll, else the last one. */
export async function answerQuery(watch: QueriedWatch, steps: QuerySteps): Promise<WatchState> {
  const { refresh, poll, signal, saved } = steps;
  // A failure here is no evidence about the other gateways, so their last state is read first.
  if (!watch.isFresh || watch.state.failure) await refresh();
  if (watch.isFresh) {
    saved.add('known_state');
    return watch.state;
  }
  const { version } = watch.state;
  const isAnswered = await poll();
  const hasFailed = !isAnswered || (watch.state.failure !== null && !isNotFound(watch.state));
  // The poll may have waited here for its turn while another gateway was answered.
  if (hasFailed && !signal?.aborted) await refresh();
  const isNewer = isAnswered || watch.isFresh || watch.state.version > version;
  return isNewer ? watch.state : onQueryTimeout(watch.state);
}
