import type { QueuedJob } from './queued-job.ts';

/** Timers are this late without load, so a smaller delay is no sign of a queue; in ms. */
const TIMER_GRAIN_MS = 20;

/** How late trusted polls start because the demand exceeds the limits. Times are monotonic ms. */
export class PollLateness {
  /** Trusted jobs, waiting and running. */
  #jobs = 0;
  #ms = 0;

  /** The lateness of the last trusted poll, in ms; 0 when no trusted job is left, so that it delays no later job. */
  get ms(): number {
    return this.#ms;
  }

  /** A job was queued. */
  add({ isTrusted }: QueuedJob): void {
    if (isTrusted) this.#jobs += 1;
  }

  /** A job was cancelled, or its call has ended. */
  remove({ isTrusted }: QueuedJob): void {
    if (!isTrusted) return;
    this.#jobs -= 1;
    if (this.#jobs === 0) this.#ms = 0;
  }

  /** A job that is no probe starts. */
  onStart({ dueAt, urgent, isTrusted, queuedAt }: QueuedJob, now: number): void {
    if (urgent || !isTrusted || dueAt === null || dueAt < queuedAt) return;
    this.#ms = now - dueAt < TIMER_GRAIN_MS ? 0 : now - dueAt;
  }
}
