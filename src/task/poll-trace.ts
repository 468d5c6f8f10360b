import type { CallOutcome } from '../scheduling/job.ts';

/** Opens a trace of each poll. */
export interface PollTracer {
  /** Called when a poll of the watch with this key begins. null: the poll is not traced. */
  begin(id: string, watchKey: string): PollTrace | null;
}

/** The trace of one poll. Its steps return what they run. */
export interface PollTrace {
  /** Follows a step by its name: `claim` or `publish`. */
  step<T>(name: string, run: () => Promise<T>): Promise<T>;
  /** Follows the call of the source, which finds its span in the active context. */
  call<T>(run: () => Promise<T>): Promise<T>;
  /** The poll has ended; a step may be under way. */
  end(outcome: CallOutcome): void;
}
