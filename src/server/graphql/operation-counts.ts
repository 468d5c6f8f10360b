import { Tally } from '../../tally.ts';

/** The operations of one gateway since the start. The ends of subscriptions are counted by their transport. */
export class OperationCounts {
  readonly queries = new Tally(['ok', 'error']);
  /** Operations that never ran: malformed, invalid, too large, not trusted, without room, or without a stream. */
  rejected = 0;
  /** Executions of an event of a subscription, each for all clients of a live result. */
  rendered = 0;
  readonly cache = new Tally(['hit', 'miss']);
  /** Tasks in the responses that came from the cache: each would have been a call to A2E. */
  cachedTasks = 0;
}
