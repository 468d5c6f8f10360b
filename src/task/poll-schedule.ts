import type { ScheduledJob, ScheduleOptions } from '../scheduling/job.ts';
import type { PollRhythm } from '../scheduling/poll-spread.ts';

/**
 * The phase of a watch. Only `polling` has a call to A2E, or the claim for one, under way. `invalidated`: the task is known
 * to have changed, so the next poll asks for a tick at once; in `polling`, it has changed since the poll began.
 */
type Phase =
  | { readonly kind: 'idle' }
  | {
      readonly kind: 'scheduled';
      readonly job: ScheduledJob;
      readonly invalidated: boolean;
      /** The time from the last poll of this gateway to the job; null when the job does not follow one. */
      readonly gapMs: number | null;
    }
  | { readonly kind: 'polling'; readonly invalidated: boolean };

/** The interval of a claim that another gateway's last poll does not hold back, in ms. */
const CLAIM_AT_ONCE_MS = 1;

const IDLE: Phase = { kind: 'idle' };

/** The one timer chain of a watch: at most one job waits, and no job waits while a poll is under way. Times are monotonic. */
export class PollSchedule {
  readonly #enqueue: (options: ScheduleOptions) => ScheduledJob;
  #phase: Phase = IDLE;

  /** @param enqueue queues the watch's job in its scheduler */
  constructor(enqueue: (options: ScheduleOptions) => ScheduledJob) {
    this.#enqueue = enqueue;
  }

  get isPolling(): boolean {
    return this.#phase.kind === 'polling';
  }

  get #invalidated(): boolean {
    return this.#phase.kind !== 'idle' && this.#phase.invalidated;
  }

  /** The due time of the waiting job as a poll; null when there is none. */
  get dueAt(): number | null {
    return this.#phase.kind === 'scheduled' ? this.#phase.job.dueAt : null;
  }

  /** The expected delay until the next poll, in ms; null when none is scheduled. */
  get nextPollInMs(): number | null {
    return this.#phase.kind === 'scheduled' ? this.#phase.job.expectedAt - performance.now() : null;
  }

  /**
   * The waiting job has started. Returns the interval to claim, in ms: `intervalMs`, less when the job was planned earlier
   * after a poll of this gateway, and next to nothing when the task was invalidated before.
   */
  begin(intervalMs: number): number {
    const before = this.#phase;
    this.#phase = { kind: 'polling', invalidated: false };
    if (before.kind !== 'scheduled') return intervalMs;
    return before.invalidated ? CLAIM_AT_ONCE_MS : Math.min(intervalMs, before.gapMs ?? intervalMs);
  }

  /** The poll has ended. Returns whether the task was invalidated meanwhile. */
  end(): boolean {
    const invalidated = this.#invalidated;
    this.#phase = IDLE;
    return invalidated;
  }

  /** Replaces the waiting job by a poll that is due after `delayMs`. */
  pollIn(delayMs: number, rhythm?: PollRhythm): void {
    this.#replace({ dueAt: performance.now() + delayMs, urgent: false, rhythm });
  }

  /** The same after an own poll that has ended now. The poll may move, so that the polls of the token are spread evenly. */
  repeatIn(delayMs: number, rhythm: PollRhythm): void {
    const now = performance.now();
    this.pollIn(delayMs, rhythm);
    const { dueAt } = this;
    if (this.#phase.kind === 'scheduled' && dueAt !== null) this.#phase = { ...this.#phase, gapMs: dueAt - now };
  }

  /** Marks the next poll, and makes it urgent. A poll that has begun will not do, because it may have read the old state. */
  invalidate(demand: { readonly isWatched: boolean }): void {
    this.expedite(demand);
    if (this.#phase.kind !== 'idle') this.#phase = { ...this.#phase, invalidated: true };
  }

  /** Makes the next poll urgent, and due now if the task is watched. A poll that has begun will do. */
  expedite({ isWatched }: { readonly isWatched: boolean }): void {
    if (this.#phase.kind === 'polling') return;
    const planned = this.#phase.kind === 'scheduled' ? this.#phase.job : { dueAt: null, urgent: false };
    const now = performance.now();
    const dueAt = isWatched ? Math.min(planned.dueAt ?? now, now) : null;
    const isEarlier = dueAt !== null && (planned.dueAt === null || dueAt < planned.dueAt);
    if (!planned.urgent || isEarlier) this.#replace({ dueAt, urgent: true });
  }

  /** Cancels the waiting job, if any. */
  cancel(): void {
    if (this.#phase.kind !== 'scheduled') return;
    this.#phase.job.cancel();
    this.#phase = IDLE;
  }

  #replace(options: ScheduleOptions): void {
    const invalidated = this.#invalidated;
    this.cancel();
    this.#phase = { kind: 'scheduled', job: this.#enqueue(options), invalidated, gapMs: null };
  }
}
