import type { RowPatch } from './a2e-row.ts';
import type { Call } from './call-log.ts';
import type { Fault } from './fault.ts';
import type { TaskOptions } from './simulated-task.ts';
import type { TokenPolicy } from './token-policy.ts';

/** Steering and watching a simulator: in its process directly, from another one through its `/_sim/` addresses. */
export interface SimulatorControl {
  /** Creates a task now, in place of one with the same id and owner. */
  addTask(id: string, options?: TaskOptions): void;
  /**
   * Sets a task by hand, creating it when needed: it stays so until it is set or added again. What the patch leaves
   * open is what A2E would answer for its `status` (default `init`); nothing of an earlier patch remains.
   */
  setTask(id: string, patch: RowPatch, owner?: TaskOptions['owner']): void;
  /** Takes a task away: only for those tokens, or altogether. */
  removeTask(id: string, owner?: TaskOptions['owner']): void;
  /** Arms a fault: for the next read of a task that matches, unless it says otherwise. */
  fault(fault: Fault): void;
  /** Disarms all faults; `setDown` is apart from it. */
  clearFaults(): void;
  /** While down, every connection is cut and every call on a new one too. The calls that arrive are still counted. */
  setDown(down: boolean): void;
  /** Changes which tokens are good, or how the others are refused. */
  setAccess(access: Partial<TokenPolicy>): void;
  /** How long every answer takes from now on, in ms. */
  setLatency(ms: number): void;
  /** When the calls for that task arrived, in ms since the epoch with fractions; oldest first. */
  callsFor(id: string, token?: string): number[];
  /** All calls that were kept (`maxCalls` of them), oldest first, with hashes of their tokens. */
  calls(): Call[];
  /** How many calls there were for that task; exact even when they are no longer kept. */
  countFor(id: string, token?: string): number;
  totalCalls(): number;
  /** How many calls each token made, by the hash of {@link Call}; `''` is none. */
  callsPerToken(): Record<string, number>;
  /** The most calls seen under way at once: for that task, or in all. */
  maxConcurrency(id?: string): number;
  /** Forgets all calls, and what was seen of their concurrency. */
  resetCounts(): void;
  /**
   * Resolves once that many calls for the task (null: for any) have arrived since the last reset; at once when they
   * have already. It counts arrivals: the answer may still be on its way.
   */
  waitForCalls(id: string | null, calls: number, token?: string): Promise<void>;
}

/** Where the control methods are found over HTTP. */
export const ADMIN_PATH = '/_sim';

/** The names of all control methods, which are also their addresses. */
export const CONTROL_METHODS = [
  'addTask',
  'setTask',
  'removeTask',
  'fault',
  'clearFaults',
  'setDown',
  'setAccess',
  'setLatency',
  'callsFor',
  'calls',
  'countFor',
  'totalCalls',
  'callsPerToken',
  'maxConcurrency',
  'resetCounts',
  'waitForCalls',
] as const satisfies readonly (keyof SimulatorControl)[];
