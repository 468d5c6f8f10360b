import { once } from 'node:events';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Seen } from '../support/browser-client.ts';
import { GatewayFleet } from '../support/gateway-fleet.ts';
import type { GatewayProcess } from '../support/gateway-process.ts';
import { StallDetector } from '../support/stall-detector.ts';

const INTERVAL = 400;
const GRACE = 3_000;
const TASKS = ['one', 'two', 'three'];
const ENV = { POLL_INTERVAL_MS: String(INTERVAL), SHUTDOWN_GRACE_MS: String(GRACE) };

/** Asks a gateway to end, and expects that it does within the grace period and half a second for its process. */
async function expectEnd(gateway: GatewayProcess): Promise<void> {
  using stalls = new StallDetector();
  const end = async (): Promise<void> => {
    gateway.signal('SIGTERM');
    expect(await gateway.exited).toEqual({ code: 0, signal: null });
  };
  expect(await stalls.measure(end)).toBeLessThan(GRACE + 500);
}

test.concurrent('a rolling restart under load: every client reaches the final state, for at most 1.5 calls per interval', async () => {
  await using fleet = await GatewayFleet.start({ env: ENV });
  const { simulator } = fleet;
  for (const id of TASKS) simulator.addTask(id, { timeline: 'churn' });
  const clients = (await Promise.all(TASKS.map((id) => fleet.watch(id, 30)))).flat();
  simulator.resetCounts();
  for (const old of [...fleet.gateways]) {
    await fleet.add();
    fleet.retire(old);
    const asked = performance.now();
    await expectEnd(old);
    // Its clients are back, and all clients go on receiving updates.
    const goesOn = ({ from, at }: Seen): boolean => from !== old.url && at > asked;
    await Promise.all(clients.map(({ states }) => states.find(goesOn)));
  }
  for (const id of TASKS) {
    const calls = simulator.callsFor(id);
    const intervals = ((calls.at(-1) ?? 0) - (calls[0] ?? 0)) / INTERVAL;
    expect(intervals).toBeGreaterThan(5);
    expect((calls.length - 1) / intervals).toBeLessThanOrEqual(1.5);
    simulator.setTask(id, { status: 'success' });
  }
  await Promise.all(clients.map(({ ended }) => ended));
  for (const { last, errors, closings } of clients) {
    expect(last).toMatchObject({ status: 'SUCCESS', finished: true });
    expect(errors.all).toEqual([]);
    // The client itself closes the last connection, because its operation is complete.
    for (const code of closings.slice(0, -1)) expect([1001, 1012]).toContain(code);
  }
}, 60_000);

test.concurrent('a peer that has stopped reading does not hold up the end', async () => {
  await using fleet = await GatewayFleet.start({ env: ENV, gateways: 1 });
  const [gateway] = fleet.gateways;
  if (!gateway) throw new Error('no gateway');
  fleet.simulator.addTask('one', { timeline: 'churn' });
  const deaf = new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  await once(deaf, 'open');
  deaf.send('{"type":"connection_init"}');
  await once(deaf, 'message');
  deaf.send(
    '{"type":"subscribe","id":"1","payload":{"query":"subscription { taskStatus(id: \\"one\\") { progress } }"}}',
  );
  await once(deaf, 'message');
  deaf.pause();
  await expectEnd(gateway);
  deaf.terminate();
});
