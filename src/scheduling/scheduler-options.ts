import type { TokenPolicy } from './circuit.ts';
import type { FairSemaphore } from './fair-semaphore.ts';
import type { CallOutcome } from './job.ts';
import type { PolledTask, PolledTasks } from './polled-tasks.ts';
import type { RateLimiter } from './rate-limiter.ts';

/** A change of the circuit, for the log and the metrics. */
export type SchedulerEvent =
  | { readonly kind: 'breaker-opened' | 'breaker-closed' | 'token-accepted' }
  /** `isConclusive`: A2E named the token itself (401). */
  | { readonly kind: 'token-refused'; readonly isConclusive: boolean }
  | { readonly kind: 'paused'; readonly forMs: number };

/**
 * Called when a poll starts that was due, with how late it is in ms. A probe of an open circuit is no such poll. `trusted`: A2E
 * has answered for the task, and its last poll succeeded.
 */
export type PollStartListener = (lateMs: number, bulkhead: 'trusted' | 'untrusted') => void;

/** A call to A2E, as far as it counts as evidence. */
export interface PolledCall extends PolledTask {
  readonly job: { readonly id: string };
}

/** Receives the start and the end of each call, and the answers of other gateways. Times are monotonic ms. */
export interface CallListener {
  started(call: PolledCall, at: number): void;
  /** The call has ended after `ms`. */
  ended(call: PolledCall, outcome: CallOutcome, ms: number): void;
  /** Another gateway received an answer at this time. */
  peerAnswered(at: number): void;
}

export interface SchedulerOptions {
  /** The permits that all schedulers share. */
  readonly semaphore: FairSemaphore;
  /** Calls per second; null: unlimited. */
  readonly maxRps: number | null;
  /** Replaces `maxRps` where gateways share the rate. `onChange` is called when its delay has changed. */
  readonly rateLimiter?: (onChange: () => void) => RateLimiter;
  /** Calls that waited for the circuit are spread over this time. */
  readonly intervalMs: number;
  readonly tokenPolicy: TokenPolicy;
  /** Calls under way before A2E has accepted the token; null: no limit beside the permits. */
  readonly maxUnverified: number | null;
  readonly onEvent?: (event: SchedulerEvent) => void;
  readonly onPollStart?: PollStartListener;
  readonly calls?: CallListener;
  /** Counts the tasks of all schedulers. */
  readonly polled?: PolledTasks;
  readonly random?: () => number;
}
