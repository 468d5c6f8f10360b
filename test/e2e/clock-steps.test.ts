import { expect, test } from 'vitest';
import { FakeClock } from '../support/fake-clock.ts';
import { GatewayFleet } from '../support/gateway-fleet.ts';
import { post } from '../support/http-client.ts';
import { view } from '../support/viewer.ts';

const INTERVAL = 500;
const HOUR = 3_600;
const ENV = { POLL_INTERVAL_MS: String(INTERVAL), UPSTREAM_MAX_RPS: '20' };
const STEPS = [
  { by: HOUR, gateways: 1 },
  { by: -HOUR, gateways: 1 },
  { by: -20, gateways: 1 },
  { by: HOUR, gateways: 2 },
  { by: -HOUR, gateways: 2 },
];

for (const { by, gateways } of STEPS) {
  test(`the clock of one of ${gateways} gateways steps by ${by} s: one call per interval goes on`, async () => {
    await using clock = await FakeClock.create();
    await using fleet = await GatewayFleet.start({ gateways: gateways - 1, env: ENV });
    const { simulator } = fleet;
    const stepped = await fleet.add(clock.env);
    simulator.addTask('watched', { timeline: 'churn' });
    simulator.addTask('new', { timeline: 'churn' });
    await using viewer = await view(stepped.url, 'SSE', 'watched');
    if (fleet.gateways[0]) await fleet.watch('watched', gateways);
    await viewer.states.count(2);
    await clock.step(by);
    const steppedAt = performance.now();
    const [before, seen] = [simulator.countFor('watched'), viewer.states.all.length];
    await simulator.waitForCalls('watched', before + 8);
    // The step itself may cost one interval, and the pace varies by a tenth.
    expect(performance.now() - steppedAt).toBeLessThan(10 * INTERVAL);
    expect(performance.now() - steppedAt).toBeGreaterThan(6 * INTERVAL);
    const askedAt = performance.now();
    expect((await post(stepped.url, '{ videoTask(id: "new") { status } }')).json()).toMatchObject({
      data: { videoTask: { status: expect.any(String) } },
    });
    expect(performance.now() - askedAt).toBeLessThan(1_500);
    expect(viewer.states.all.length - seen).toBeGreaterThanOrEqual(6);
    expect(viewer.states.all.some(({ stale }) => stale)).toBe(false);
    expect(viewer.errors.all).toEqual([]);
  }, 40_000);
}
