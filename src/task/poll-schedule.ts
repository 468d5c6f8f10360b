import type { ScheduledJob, ScheduleOptions } from '../scheduling/job.ts';
import type { PollRhythm } from '../scheduling/poll-spread.ts';

/**
 * The phase of a watch. Only `polling` has a call to A2E, or the claim for one, under way. `invalidated`: a hint says that
 * the task has changed, and no call to A2E has begun since.
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

/** The tick that a poll asks for. */
export interface TickRequest {
  /** In ms. */
  readonly intervalMs: number;
  /** A hint asks for the poll: it takes a tick that another gateway's last poll would hold back. */
  readonly isHinted: boolean;
}

const IDLE: Phase = { kind: 'idle' };

/** The one timer chain of a watch: at most one job waits, and no job waits while a poll is under way. Times are monotonic. */
export class PollSchedule {
  readonly #enqueue: (options: ScheduleOptions) => ScheduledJob;
  #phase: Phase = IDLE;
  /** When a hint may hasten a poll again: at most one hinted poll per interval, however many hints come. */
  #hintableAt = Number.NEGATIVE_INFINITY;

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
   * The waiting job has started. Returns the tick to ask for: of `intervalMs`, or less when the job was planned earlier after
   * a poll of this gateway.
   */
  begin(intervalMs: number): TickRequest {
    const before = this.#phase;
    if (before.kind !== 'scheduled') {
      this.#phase = { kind: 'polling', invalidated: false };
      return { intervalMs, isHinted: false };
    }
    const now = performance.now();
    const isHinted = before.invalidated && now >= this.#hintableAt;
    if (isHinted) this.#hintableAt = now + intervalMs;
    this.#phase = { kind: 'polling', invalidated: before.invalidated && !isHinted };
    return { intervalMs: isHinted ? intervalMs : Math.min(intervalMs, before.gapMs ?? intervalMs), isHinted };
  }

  /** The tick is won: the call that follows serves every hint so far. */
  onClaimed(): void {
    if (this.#phase.kind === 'polling') this.#phase = { kind: 'polling', invalidated: false };
  }

  /** The poll has ended. Returns whether a hint is left that it did not serve. */
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

  /**
   * A hint that the watched task has changed. A poll that has begun will not do, because it may have read the old state.
   * `mayHasten`: the next poll runs at once, or an interval after the last hinted one; otherwise it stays where it is.
   */
  invalidate({ mayHasten }: { readonly mayHasten: boolean }): void {
    if (mayHasten) this.#hasten();
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

  #hasten(): void {
    if (performance.now() >= this.#hintableAt) return this.expedite({ isWatched: true });
    if (this.#phase.kind === 'polling' || (this.#phase.kind === 'scheduled' && this.#phase.job.urgent)) return;
    const { dueAt } = this;
    if (dueAt === null || dueAt > this.#hintableAt) this.#replace({ dueAt: this.#hintableAt, urgent: false });
  }

  #replace(options: ScheduleOptions): void {
    const invalidated = this.#invalidated;
    this.cancel();
    this.#phase = { kind: 'scheduled', job: this.#enqueue(options), invalidated, gapMs: null };
  }
}
