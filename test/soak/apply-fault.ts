import { setTimeout as delay } from 'node:timers/promises';
import type { FaultName } from './fault-rules.ts';
import type { SoakFleet } from './fleet.ts';
import type { PlannedFault } from './plan.ts';

/** Less than the shortest step, and more than a busy machine takes to ask for the time, in s. */
const CLOCK_MARGIN_S = 10;

/** Begins a fault, keeps it up for its time, and takes it back; resolves to what is wrong with it, or null. */
type Apply = (fleet: SoakFleet, planned: PlannedFault) => Promise<string | null>;

/** A fault of the simulator that lasts for its time. */
function ofA2e(begin: (fleet: SoakFleet) => void, end: (fleet: SoakFleet) => void): Apply {
  return async (fleet, { forMs }) => {
    begin(fleet);
    await delay(forMs);
    end(fleet);
    return null;
  };
}

const clear = ({ simulator }: SoakFleet): void => simulator.clearFaults();

const FAULTS: Readonly<Record<FaultName, Apply>> = {
  'A2E down': ofA2e(
    ({ simulator }) => simulator.setDown(true),
    ({ simulator }) => simulator.setDown(false),
  ),
  'A2E answers 503': ofA2e(({ simulator }) => simulator.fault({ kind: 'status', status: 503, times: 'always' }), clear),
  'A2E answers HTML': ofA2e(({ simulator }) => simulator.fault({ kind: 'html', times: 'always' }), clear),
  'A2E hangs': ofA2e(({ simulator }) => simulator.fault({ kind: 'hang', times: 'always' }), clear),
  'A2E limits the rate': ofA2e(
    ({ simulator }) => simulator.fault({ kind: 'status', status: 429, retryAfter: 2, times: 'always' }),
    clear,
  ),
  'A2E refuses the token': ofA2e(
    ({ simulator }) => simulator.setAccess({ tokens: [] }),
    ({ simulator }) => simulator.setAccess({ tokens: '*' }),
  ),
  async 'Redis hangs'({ redis }, { forMs }) {
    redis.freeze();
    await delay(forMs);
    redis.thaw();
    return null;
  },
  async 'Redis is killed'({ redis }, { forMs }) {
    await redis.kill();
    await delay(forMs);
    await redis.restart();
    return null;
  },
  async 'Redis is flushed'({ redis }) {
    await redis.run('FLUSHALL');
    return null;
  },
  async "Redis's clock steps"({ redis, redisClock }, { stepSeconds, forMs }) {
    await redisClock.step(stepSeconds);
    const stepped = await redis.clockOffset();
    await delay(forMs);
    await redisClock.step(0);
    const right = await redis.clockOffset();
    const wrongBy = Math.max(Math.abs(stepped - stepSeconds), Math.abs(right));
    return wrongBy < CLOCK_MARGIN_S ? null : `Redis's clock was ${stepped} s off, and then ${right} s`;
  },
  async 'a clock steps'(fleet, { gateway, stepSeconds, forMs }) {
    await fleet.at(gateway)?.clock.step(stepSeconds);
    await delay(forMs);
    await fleet.at(gateway)?.clock.step(0);
    return null;
  },
  async 'a gateway drains'(fleet, { gateway }) {
    const code = await fleet.drain(gateway);
    return code === 0 ? null : `the drained gateway ended with ${code}`;
  },
  async 'a gateway is killed'(fleet, { gateway }) {
    await fleet.kill(gateway);
    return null;
  },
};

/** Applies a fault of the plan; resolves once it is taken back, to what is wrong with it, or null. */
export function applyFault(fleet: SoakFleet, planned: PlannedFault): Promise<string | null> {
  return FAULTS[planned.fault](fleet, planned);
}
