import { expect, test } from 'vitest';
import { GatewayFleet } from '../support/gateway-fleet.ts';

const INTERVAL = 500;
const ENV = { POLL_INTERVAL_MS: String(INTERVAL) };
/** Its progress rises with every call, up to 99. */
const RISING = { timeline: { phases: [{ status: 'process', progress: [0, 99], forCalls: 100 }] } } as const;

test('three gateways, 300 subscribers on one task, 20 intervals: 20 calls, and every subscriber sees every state', async () => {
  await using fleet = await GatewayFleet.start({ env: ENV });
  const { simulator } = fleet;
  simulator.setTask('shared', { status: 'init' });
  const clients = await fleet.watch('shared', 300);
  simulator.addTask('shared', RISING);
  simulator.resetCounts();
  await Promise.all(clients.map(({ states }) => states.find(({ progress }) => progress === 20)));
  const calls = simulator.callsFor('shared');
  const begun = calls[0] ?? Number.NaN;
  const within = calls.filter((at) => at < begun + 20 * INTERVAL).length;
  expect(within).toBeLessThanOrEqual(21);
  expect(within).toBeGreaterThanOrEqual(18);
  for (const { states, errors, closings } of clients) {
    const seen = states.all.map(({ progress }) => progress).filter((progress) => progress !== null);
    expect(seen.slice(0, 21)).toEqual(Array.from({ length: 21 }, (_, progress) => progress));
    expect([errors.all, closings]).toEqual([[], []]);
  }
});
