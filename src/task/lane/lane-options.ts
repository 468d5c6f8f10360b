import type { CallBudget } from './call-budget.ts';

/** What the lane tells the log and the metrics. */
export type LaneEvent =
  | { readonly kind: 'breaker-opened' | 'breaker-closed' | 'token-refused' | 'token-accepted' }
  | { readonly kind: 'paused'; readonly forMs: number };

export interface LaneOptions {
  readonly maxConcurrency: number;
  /** Calls per second; null: unlimited. */
  readonly maxRps: number | null;
  /** Takes the place of `maxRps` where other gateways share the budget; `onAnswer`: ask it again. */
  readonly budget?: (onAnswer: () => void) => CallBudget;
  /** After a blockage the turns that waited are spread over this long. */
  readonly intervalMs: number;
  readonly onEvent?: (event: LaneEvent) => void;
  readonly random?: () => number;
}
