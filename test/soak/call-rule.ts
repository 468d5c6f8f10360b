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
  return windows.segments(first, last + 1).flatMap(({ from, to, callsPerInterval, moreCalls }) => {
    const made = calls.filter((at) => at >= from && at < to).length;
    const paced = Math.ceil(((to - from) / (SHORTEST * intervalMs)) * callsPerInterval);
    const allowed = paced + SLACK * callsPerInterval + moreCalls;
    if (made <= allowed) return [];
    return [`${made} calls in ${Math.round(to - from)} ms where ${allowed} are allowed`];
  });
}

/** Polls move by a tenth, on average by less; a burst of a new task may come early. */
const MEAN = 1.05;

/**
 * The calls of all tasks of a run in the stretches without a fault. The slack of a stretch would hide two calls per
 * interval in a short one; together they have none but the first call of each stretch.
 */
export class CallTotal {
  #made = 0;
  #stretches = 0;
  #lengthMs = 0;

  /** Adds the calls for one task, in the order of time. Times as in the windows. */
  add(calls: readonly number[], windows: FaultWindows): void {
    const [first, last] = [calls[0], calls.at(-1)];
    if (first === undefined || last === undefined) return;
    for (const { from, to, callsPerInterval, moreCalls } of windows.segments(first, last + 1)) {
      if (callsPerInterval > 1 || moreCalls > 0) continue;
      this.#made += calls.filter((at) => at >= from && at < to).length;
      this.#lengthMs += to - from;
      this.#stretches += 1;
    }
  }

  /** What is wrong with the sum, or null. */
  excess(intervalMs: number): string | null {
    const allowed = Math.ceil((MEAN * this.#lengthMs) / intervalMs) + this.#stretches;
    if (this.#made <= allowed) return null;
    return `${this.#made} calls in ${this.#stretches} stretches without a fault, where ${allowed} are allowed`;
  }
}

/** A period in which a client watches a task. Times as in the windows. */
export interface WatchedSpan {
  readonly from: number;
  readonly to: number;
}

/** A poll moves by a tenth of its interval at most. */
const LONGEST = 1.1;
/** What a call takes at most without a fault, in ms. */
const CALL_MS = 200;
/** For a follower that takes over, and the timers of a busy machine, in ms. */
const LATE_MS = 1_000;

/**
 * The calls for one watched task that came too late after the call before, as text; empty when the contract is kept. The
 * interval does not stretch in the run. A pause that touches a fault proves nothing where a failed poll backs off.
 */
export function lateCalls(
  calls: readonly number[],
  spans: readonly WatchedSpan[],
  windows: FaultWindows,
  intervalMs: number,
): string[] {
  const allowedMs = LONGEST * intervalMs + CALL_MS + LATE_MS;
  return calls.slice(1).flatMap((at, index) => {
    const before = calls[index] ?? at;
    const isExcused = windows.rules(before, at).some(({ keepsPace }) => !keepsPace);
    if (at - before <= allowedMs || isExcused || !isCovered(before, at, spans)) return [];
    return [`no call for ${Math.round(at - before)} ms where ${allowedMs} ms are allowed`];
  });
}

/** Whether the spans together cover a period. */
function isCovered(from: number, to: number, spans: readonly WatchedSpan[]): boolean {
  let covered = from;
  for (const span of spans.toSorted((a, b) => a.from - b.from)) {
    if (span.from <= covered) covered = Math.max(covered, span.to);
  }
  return covered >= to;
}
