import type { CallBudget } from './call-budget.ts';
import type { CallSlots } from './call-slots.ts';

/** What the lane tells the log and the metrics. */
export type LaneEvent =
  | { readonly kind: 'breaker-opened' | 'breaker-closed' | 'token-refused' | 'token-accepted' }
  | { readonly kind: 'paused'; readonly forMs: number };

export interface LaneOptions {
  /** Shared with the other lanes: calls that may be under way. */
  readonly slots: CallSlots;
  /** Calls per second; null: unlimited. */
  readonly maxRps: number | null;
  /** Takes the place of `maxRps` where other gateways share the budget; `onAnswer`: ask it again. */
  readonly budget?: (onAnswer: () => void) => CallBudget;
  /** After a blockage the turns that waited are spread over this long. */
  readonly intervalMs: number;
  readonly onEvent?: (event: LaneEvent) => void;
  readonly random?: () => number;
}
