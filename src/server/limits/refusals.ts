import { Tally } from '../../tally.ts';

/** Why the gateway refused a client. */
const REASONS = [
  'connections',
  'connections_per_address',
  'flood',
  'host',
  'origin',
  'overloaded',
  'rate_limited',
  'subscriptions',
  'unauthenticated',
] as const;

/** The refusals of one gateway by reason. */
export type Refusals = Tally<(typeof REASONS)[number]>;

/** Counts refusals from 0 on. */
export function createRefusals(): Refusals {
  return new Tally(REASONS);
}
