import type { FaultWindows } from './fault-windows.ts';

/** The least distance of two claims of one tick, as a part of the interval: a poll moves by a tenth at most. */
const SHORTEST = 0.9;
/**
 * Calls beyond the pace in one stretch: its first call, one that was late in the stretch before, and the one of a burst
 * that comes early (see "The polls of a token spread" in the changelog).
 */
const SLACK = 3;

/** The calls for one task that were too many, as text; empty when the contract is kept. Times as in the windows. */
export function excessCalls(calls: readonly number[], windows: FaultWindows, intervalMs: number): string[] {
  const [first, last] = [calls[0], calls.at(-1)];
  if (first === undefined || last === undefined) return [];
  return windows.segments(first, last + 1).flatMap(({ from, to, callsPerInterval }) => {
    const made = calls.filter((at) => at >= from && at < to).length;
    const allowed = Math.ceil(((to - from) / (SHORTEST * intervalMs)) * callsPerInterval) + SLACK * callsPerInterval;
    if (made <= allowed) return [];
    return [`${made} calls in ${Math.round(to - from)} ms where ${allowed} are allowed`];
  });
}
