/** Consecutive time slots on the monotonic clock, in ms. */
export interface SlotRun {
  /** The instant at which the first slot begins. */
  readonly start: number;
  /** The instant from which the next slot is free. */
  readonly nextFree: number;
}

/**
 * Takes the next free slots of a rate limit: the virtual scheduling form of the generic cell rate algorithm
 * (ITU-T I.371, https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm). Slots in the past are lost.
 *
 * @param lengthMs the length of all slots taken together
 */
export function takeSlots(nextFree: number, now: number, lengthMs: number): SlotRun {
  const start = Math.max(now, nextFree);
  return { start, nextFree: start + lengthMs };
}
