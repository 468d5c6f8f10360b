import type { SimulatorState } from './a2e-call.ts';
import type { SimulatorControl } from './control.ts';
import { FAULT_KINDS } from './fault-answers.ts';

/** The control methods of a running simulator; none needs its `this`. `cut` ends the connections that are open. */
export function createControl(world: SimulatorState, cut: () => void): SimulatorControl {
  const { tasks, faults, log } = world;
  return {
    addTask: (id, options) => tasks.add(id, options),
    setTask: (id, patch, owner) => tasks.set(id, patch, owner),
    removeTask: (id, owner) => tasks.remove(id, owner),
    fault(fault) {
      if (!FAULT_KINDS.includes(fault.kind)) {
        throw new RangeError(`no fault ${fault.kind}; there are ${FAULT_KINDS.join(', ')}`);
      }
      faults.add(fault);
    },
    clearFaults: () => faults.clear(),
    setDown(down) {
      world.down = down;
      if (down) cut();
    },
    setAccess(access) {
      world.access = { ...world.access, ...access };
    },
    setLatency(ms) {
      world.latencyMs = ms;
    },
    callsFor: (id, token) => log.calls(id, token).map((call) => call.at),
    calls: () => log.calls(null),
    countFor: (id, token) => log.count(id, token),
    totalCalls: () => log.count(null),
    callsPerToken: () => log.perToken(),
    maxConcurrency: (id) => log.maxConcurrency(id ?? null),
    resetCounts: () => log.reset(),
    waitForCalls: (id, calls, token) => log.waitFor(id ?? null, calls, token),
  };
}
