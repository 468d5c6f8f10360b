import { expect, test } from 'vitest';
import { FakeClock } from '../support/fake-clock.ts';
import { GatewayFleet } from '../support/gateway-fleet.ts';
import type { GatewayProcess } from '../support/gateway-process.ts';
import { post } from '../support/http-client.ts';
import { StallDetector } from '../support/stall-detector.ts';
import { view } from '../support/viewer.ts';

const INTERVAL = 500;
const HOUR = 3_600;
const ENV = { POLL_INTERVAL_MS: String(INTERVAL), UPSTREAM_MAX_RPS: '20' };
const NEW_TASKS = ['new-1', 'new-2', 'new-3'];

const STEPS = [
  { of: 'one of 1 gateways', by: HOUR, gateways: 1 },
  { of: 'one of 1 gateways', by: -HOUR, gateways: 1 },
  { of: 'one of 1 gateways', by: -20, gateways: 1 },
  { of: 'one of 2 gateways', by: HOUR, gateways: 2 },
  { of: 'one of 2 gateways', by: -HOUR, gateways: 2 },
  { of: 'Redis', by: -600, gateways: 2 },
  { of: 'Redis', by: 600, gateways: 2 },
];

async function expectAnswer(gateway: GatewayProcess, id: string): Promise<void> {
  using stalls = new StallDetector();
  const ask = async (): Promise<void> => {
    const answer = await post(gateway.url, `{ videoTask(id: "${id}") { status } }`);
    expect(answer.json()).toMatchObject({ data: { videoTask: { status: expect.any(String) } } });
  };
  expect(await stalls.measure(ask)).toBeLessThan(1_500);
}

/**
 * For each gateway, the expectation that it was mostly idle from now on. A chain of timers that are due at once takes a
 * few per cent of a core, and wakes the process a thousand times a second.
 */
function idlers(gateways: readonly GatewayProcess[]): readonly ((seconds: number) => void)[] {
  return gateways.map((gateway) => {
    const { cpuSeconds, sleeps } = gateway;
    return (seconds) => {
      expect((gateway.cpuSeconds - cpuSeconds) / seconds).toBeLessThan(0.2);
      expect((gateway.sleeps - sleeps) / seconds).toBeLessThan(200);
    };
  });
}

for (const { of, by, gateways } of STEPS) {
  test.concurrent(`the clock of ${of} steps by ${by} s: one call per interval goes on, and the CPU stays low`, async () => {
    await using clock = await FakeClock.create();
    const redisClock = of === 'Redis' && { redisClock: clock };
    await using fleet = await GatewayFleet.start({ gateways: gateways - 1, env: ENV, ...redisClock });
    const { simulator } = fleet;
    const stepped = await fleet.add(redisClock ? {} : clock.env);
    for (const id of ['watched', ...NEW_TASKS]) simulator.addTask(id, { timeline: 'churn' });
    await using viewer = await view(stepped.url, 'SSE', 'watched');
    if (fleet.gateways[0]) await fleet.watch('watched', gateways);
    await viewer.states.count(2);
    await clock.step(by);
    const steppedAt = performance.now();
    const idle = idlers(fleet.gateways);
    const [before, seen] = [simulator.countFor('watched'), viewer.states.all.length];
    await expectAnswer(stepped, 'new-1');
    await simulator.waitForCalls('watched', before + 8);
    const seconds = (performance.now() - steppedAt) / 1_000;
    if (redisClock) expect(Math.abs((await fleet.redis.clockOffset()) - by)).toBeLessThan(5);
    for (const expectIdle of idle) expectIdle(seconds);
    // The step itself may cost one interval, and the pace varies by a tenth.
    expect(seconds).toBeLessThan((10 * INTERVAL) / 1_000);
    expect(seconds).toBeGreaterThan((6 * INTERVAL) / 1_000);
    await Promise.all([expectAnswer(stepped, 'new-2'), expectAnswer(fleet.gateways[0] ?? stepped, 'new-3')]);
    expect(viewer.states.all.length - seen).toBeGreaterThanOrEqual(6);
    expect(viewer.states.all.some(({ stale }) => stale)).toBe(false);
    expect(viewer.errors.all).toEqual([]);
  }, 40_000);
}
