import { readFileSync } from 'node:fs';
import type { StallDetector } from '../support/stall-detector.ts';

/**
 * A process that waited for a core for this long between two looks was starved, in ms. Two such processes, a gateway and
 * its Redis, together do not reach the 500 ms after which a command to Redis times out.
 */
const STARVED_MS = 200;

/**
 * Finds out whether the machine kept this process or the observed ones from a core: a call to Redis or to A2E that times
 * out then proves nothing about the gateway. A gateway that blocks its own event loop uses the core, and is not excused.
 */
export class MachineStalls {
  readonly #stalls: StallDetector;
  readonly #waits = new Map<number, number>();
  #lookedAt = performance.now();

  constructor(stalls: StallDetector) {
    this.#stalls = stalls;
  }

  /** How long the most starved of the processes has waited since the last look, in ms; 0: none was starved. */
  look(pids: readonly number[]): number {
    const since = this.#lookedAt;
    this.#lookedAt = performance.now();
    const waits = pids.map((pid) => this.#waitSinceLook(pid));
    const longestMs = Math.max(this.#stalls.longestSince(since), ...waits);
    return longestMs > STARVED_MS ? longestMs : 0;
  }

  #waitSinceLook(pid: number): number {
    const waitedMs = waitedForCore(pid);
    const before = this.#waits.get(pid) ?? waitedMs;
    this.#waits.set(pid, waitedMs);
    return waitedMs - before;
  }
}

/**
 * How long the main thread of a process has waited for a core so far, in ms: the second field of `/proc/PID/schedstat`, in
 * ns. https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat. 0 when the process has ended.
 */
function waitedForCore(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}
