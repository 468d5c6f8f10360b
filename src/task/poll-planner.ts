import type { PollRhythm } from '../scheduling/poll-spread.ts';
import { type PollIntervalOptions, PollIntervalPolicy } from './poll-interval-policy.ts';
import type { PollSchedule } from './poll-schedule.ts';
import { hasChanged, isNotFound, type WatchState } from './watch-state.ts';

/** A watch whose last poll was this many intervals ago may have an early repeat again. */
const REST_INTERVALS = 2;

/** How a poll of this gateway went. */
interface OwnPoll {
  /** When it began, in monotonic ms. */
  readonly begunAt: number;
  /** The delay that {@link PollPlanner.count} returned for it. */
  readonly delayMs: number;
  /** A newer state arrived while the poll was under way. */
  readonly isOutdated: boolean;
  /** A2E has answered for the task before, or in this poll. */
  readonly isProven: boolean;
}

/**
 * Plans the next poll of one watch: the first one, the repeat of an own poll, and a poll around a peer's. The interval
 * policy says how long the task may wait, and the schedule holds the planned poll.
 */
export class PollPlanner {
  readonly #intervalMs: number;
  readonly #policy: PollIntervalPolicy;
  readonly #schedule: PollSchedule;
  /** The interval of the watch at present. */
  #periodMs: number;
  /** A poll was planned after an own one since the watch last rested. */
  #hasRepeated = false;
  /** When the last poll of any gateway ended, in monotonic ms. */
  #polledAt = Number.NEGATIVE_INFINITY;

  constructor(intervals: PollIntervalOptions, schedule: PollSchedule) {
    this.#intervalMs = intervals.intervalMs;
    this.#periodMs = intervals.intervalMs;
    this.#policy = new PollIntervalPolicy(intervals);
    this.#schedule = schedule;
  }

  /** The last poll of any gateway failed. */
  get failing(): boolean {
    return this.#policy.failing;
  }

  /**
   * The watch has become active. The first repeat comes early only after a rest, or a client that leaves and comes back
   * again and again would cause two calls per interval.
   */
  restart(): void {
    if (performance.now() - this.#polledAt >= REST_INTERVALS * this.#intervalMs) this.#hasRepeated = false;
  }

  /** Counts a poll of any gateway for the interval policy, and returns the delay until the next one, in ms. */
  count(before: WatchState, after: WatchState): number {
    this.#periodMs = this.#delayAfter(before, after);
    this.#polledAt = after.attemptedAt ?? this.#polledAt;
    return this.#periodMs;
  }

  /**
   * After the shared state was read, when no query waits. The gateway that published this state polls first. It may be gone,
   * so the delay is bounded by its own plan. A waiting poll that is due earlier stays.
   */
  planFirst({ attemptedAt, nextPollInMs, failure }: WatchState & { readonly attemptedAt: number }): void {
    const now = performance.now();
    const peerAt = nextPollInMs === null || failure ? null : attemptedAt + nextPollInMs;
    const spacingMs = peerAt === null ? this.#intervalMs : this.#policy.aroundPeer(peerAt - attemptedAt).followerDelay;
    const inMs = Math.max(0, spacingMs - (now - attemptedAt));
    const { dueAt } = this.#schedule;
    if (dueAt === null || dueAt > now + inMs)
      this.#schedule.pollIn(inMs, peerAt === null ? undefined : this.#follow(peerAt));
  }

  /**
   * After an own poll. A task that failed backs off at random, and a task that A2E never showed must not move the polls of
   * others. After a call that took half an interval the next poll is not early, because another gateway may have taken the
   * next tick over.
   */
  planRepeat({ begunAt, delayMs, isOutdated, isProven }: OwnPoll): void {
    const wasSlow = performance.now() - begunAt > this.#intervalMs / 2;
    if (isOutdated || this.failing || !isProven || wasSlow) return this.#schedule.pollIn(delayMs);
    this.#schedule.repeatIn(delayMs, { kind: 'repeat', periodMs: delayMs, isFirstRepeat: !this.#hasRepeated });
    this.#hasRepeated = true;
  }

  /** A peer polls, as its claim or its publication shows: plans the own poll around the peer's next one. */
  planAfterPeer(peerInMs: number, role: 'follow' | 'takeover'): void {
    const { followerDelay, takeoverDelay } = this.#policy.aroundPeer(peerInMs);
    if (role === 'takeover') this.#schedule.pollIn(takeoverDelay);
    else this.#schedule.pollIn(followerDelay, this.#follow(performance.now() + peerInMs));
  }

  /** The peer's calls count among the calls of this gateway, so that the calls of both are spread evenly together. */
  #follow(peerAt: number): PollRhythm {
    return { kind: 'follow', periodMs: this.#periodMs, peerAt };
  }

  #delayAfter(before: WatchState, after: WatchState): number {
    if (isNotFound(after)) return this.#policy.onChanged();
    if (after.failure) return this.#policy.onFailed();
    return hasChanged(before, after) ? this.#policy.onChanged() : this.#policy.onUnchanged();
  }
}
