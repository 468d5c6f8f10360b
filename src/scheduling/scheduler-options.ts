import type { FairSemaphore } from './fair-semaphore.ts';
import type { RateLimiter } from './rate-limiter.ts';

/** What the lane tells the log and the metrics. */
export type SchedulerEvent =
  | { readonly kind: 'breaker-opened' | 'breaker-closed' | 'token-refused' | 'token-accepted' }
  | { readonly kind: 'paused'; readonly forMs: number };

export interface SchedulerOptions {
  /** Shared with the other lanes: calls that may be under way. */
  readonly semaphore: FairSemaphore;
  /** Calls per second; null: unlimited. */
  readonly maxRps: number | null;
  /** Takes the place of `maxRps` where other gateways share the budget; `onAnswer`: ask it again. */
  readonly rateLimiter?: (onAnswer: () => void) => RateLimiter;
  /** After a blockage the turns that waited are spread over this long. */
  readonly intervalMs: number;
  readonly onEvent?: (event: SchedulerEvent) => void;
  readonly random?: () => number;
}
