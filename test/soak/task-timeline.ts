import type { Phase } from '../../src/simulator/timeline.ts';
import type { ShownState } from './client-history.ts';
import type { PlannedTask } from './plan.ts';

/** The parts of a task's run before its end, as shares of its duration. */
const STAGES: readonly (readonly [status: string, share: number])[] = [
  ['init', 0.1],
  ['start', 0.1],
  ['pending', 0.1],
  ['process', 0.6],
  ['copy', 0.1],
];
const LAST_PROGRESS = 99;

/** What the simulated A2E answers for a task. */
export function timelineOf({ runsForMs, end }: PlannedTask): Phase[] {
  const timeline: Phase[] = STAGES.map(([status, share]) => ({
    status,
    forMs: share * runsForMs,
    ...(status === 'process' && { progress: [0, LAST_PROGRESS] as const }),
  }));
  // The progress of a failed task stays at the last one that it had.
  const failed = { status: 'fail', progress: LAST_PROGRESS, msg: 'Face not detected' };
  return [...timeline, end === 'success' ? { status: 'success' } : failed];
}

/** When a task leaves a state that it shows, in ms since its start; infinite for its last one. */
export function leavesAfterMs({ status, progress }: ShownState, runsForMs: number): number {
  let share = 0;
  for (const [stage, length] of STAGES) {
    if (stage.toUpperCase() === status) {
      const part = stage === 'process' ? Math.min(1, ((progress ?? 0) + 1) / LAST_PROGRESS) : 1;
      return (share + length * part) * runsForMs;
    }
    share += length;
  }
  return Number.POSITIVE_INFINITY;
}
