import { Tally } from '../tally.ts';

/** The counts of all watches of a gateway since the start. */
export class PollCounts {
  /**
   * Calls to A2E that one poll per subscription and one call per query would have cost, and that were not made.
   * `shared_poll`: a call of this gateway served n readers (subscriptions of the task and queries that waited), so n - 1 are
   * saved. `peer_poll`: the state of another gateway's call served n readers here, so n are saved. `known_state`: a query was
   * answered from a fresh state.
   */
  readonly saved = new Tally(['shared_poll', 'peer_poll', 'known_state']);
  /** Ticks that this gateway won, or lost to another gateway. */
  readonly claims = new Tally(['won', 'lost']);
}
