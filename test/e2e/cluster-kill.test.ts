import { afterAll, expect, test } from 'vitest';
import { GatewayFleet } from '../support/gateway-fleet.ts';
import type { GatewayProcess } from '../support/gateway-process.ts';
import { StallDetector } from '../support/stall-detector.ts';

const INTERVAL = 1_000;
const KILLS = 20;
/** The kills are shared by fleets that run beside each other, since each kill is mostly a wait. */
const FLEETS = 2;
const LATENCY = 40;
/** Its progress changes with every call, for ever. */
const CHURN = { timeline: 'churn' } as const;

interface Kill {
  readonly at: number;
  /** The time until the last subscriber of the surviving gateways received the next state, in intervals. */
  readonly silence: number;
}

/** Of this process, where the simulator and all clients run. */
const stalls = new StallDetector();
afterAll(() => stalls[Symbol.dispose]());

/** Kills the gateway that polls: just after it has published a state, or in the middle of a call. */
async function killPoller(fleet: GatewayFleet, poller: GatewayProcess, midCall: boolean): Promise<Kill> {
  const others = fleet.clients.filter(({ gateway }) => gateway !== poller.url);
  const { simulator } = fleet;
  if (midCall) await simulator.waitForCalls('shared', simulator.countFor('shared') + 1);
  else await others[0]?.states.count(others[0].states.all.length + 1);
  const counts = others.map(({ states }) => states.all.length);
  const killed = performance.now();
  const at = performance.timeOrigin + killed;
  fleet.retire(poller);
  await poller.kill();
  await Promise.all(others.map(({ states }, index) => states.count((counts[index] ?? 0) + 1)));
  const last = Math.max(...others.map(({ states }, index) => states.all[counts[index] ?? 0]?.at ?? Number.NaN));
  return { at, silence: (last - killed - stalls.within(killed, last)) / INTERVAL };
}

/** Kills the gateway that polls again and again, in a fleet of three. Counts the calls to A2E that came too soon. */
async function killPollers(times: number): Promise<{ readonly kills: Kill[]; readonly doubled: number[] }> {
  await using fleet = await GatewayFleet.start({ env: { POLL_INTERVAL_MS: String(INTERVAL) } });
  const { simulator } = fleet;
  simulator.setLatency(LATENCY);
  simulator.addTask('shared', CHURN);
  const clients = await fleet.watch('shared', 9);
  const kills: Kill[] = [];
  for (let round = 0; round < times; round += 1) {
    // The next one starts while this one dies: three remain.
    const replacement = fleet.add();
    const before = await fleet.calls();
    await clients[0]?.states.count(clients[0].states.all.length + 1);
    kills.push(await killPoller(fleet, await fleet.poller(before), round % 2 === 1));
    await replacement;
  }
  const calls = simulator.callsFor('shared');
  const doubled = calls.filter((at, index) => {
    const previous = calls[index - 1] ?? 0;
    const killed = kills.some((kill) => kill.at > previous - INTERVAL && kill.at < at + INTERVAL);
    // A stall notes a call late, and so too near to the next one.
    const notedAt = previous - performance.timeOrigin;
    return at - previous + stalls.within(notedAt - INTERVAL, notedAt) < 0.75 * INTERVAL && !killed;
  });
  for (const { errors } of clients) expect(errors.all).toEqual([]);
  return { kills, doubled };
}

test(`kill -9 of the polling gateway, ${KILLS} times: another takes over within two intervals, and no poll is doubled`, async () => {
  const fleets = await Promise.all(Array.from({ length: FLEETS }, () => killPollers(KILLS / FLEETS)));
  const kills = fleets.flatMap((fleet) => fleet.kills);
  expect(kills).toHaveLength(KILLS);
  expect(Math.max(...kills.map(({ silence }) => silence))).toBeLessThan(2);
  expect(fleets.flatMap(({ doubled }) => doubled)).toEqual([]);
}, 300_000);
