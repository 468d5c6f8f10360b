import type { BulkheadCall } from './bulkhead-queue.ts';
import type { Job, ScheduledJob } from './job.ts';
import type { PlannedPoll } from './planned-polls.ts';

interface QueuedJobOptions {
  readonly dueAt: number | null;
  readonly urgent: boolean;
  readonly afterFailure: boolean;
  /** The place of the job among the polls that are spread evenly. */
  readonly planned?: PlannedPoll | undefined;
}

/** The scheduler that holds the job. */
export interface JobOwner {
  expectedAt(queued: QueuedJob): number;
  cancel(queued: QueuedJob): void;
}

/** A job in the scheduler's queues. Times are monotonic ms. */
export class QueuedJob implements ScheduledJob, BulkheadCall {
  readonly job: Job;
  readonly queuedAt = performance.now();
  readonly isProven: boolean;
  readonly isTrusted: boolean;
  readonly afterFailure: boolean;
  readonly planned: PlannedPoll | undefined;
  dueAt: number | null;
  urgent: boolean;
  heapIndex = -1;
  readonly #owner: JobOwner;
  #isWaiting = true;

  constructor(job: Job, owner: JobOwner, { dueAt, urgent, afterFailure, planned }: QueuedJobOptions) {
    this.job = job;
    this.isProven = job.isProven;
    this.afterFailure = afterFailure;
    this.isTrusted = job.isProven && !afterFailure;
    this.planned = planned;
    this.dueAt = planned?.dueAt ?? dueAt;
    this.urgent = urgent;
    this.#owner = owner;
  }

  get expectedAt(): number {
    return this.#owner.expectedAt(this);
  }

  cancel(): void {
    this.#owner.cancel(this);
  }

  /** Ends the wait; false when it had ended already. */
  leave(): boolean {
    const wasWaiting = this.#isWaiting;
    this.#isWaiting = false;
    return wasWaiting;
  }

  /** The job was due at `now` while the circuit was not closed: it becomes a poll that is due. */
  block(now: number): void {
    this.urgent = false;
    this.dueAt = Math.min(this.dueAt ?? now, now);
  }

  /**
   * Moves the job to `at`. A job that was queued less than an interval before moves to its due time where that is later, at
   * most to the end of that interval.
   */
  defer(at: number, intervalMs: number): void {
    const earliest = this.queuedAt + intervalMs;
    this.dueAt = Math.max(at, Math.min(this.dueAt ?? earliest, earliest));
  }
}
