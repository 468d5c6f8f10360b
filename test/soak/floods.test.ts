import { expect, test } from 'vitest';
import { startGateway, startPair } from '../support/gateway.ts';
import { seriesValue } from '../support/scrape.ts';
import { type FloodSurroundings, flood } from './floods.ts';
import { neverRead } from './unread-updates.ts';

const metricsText = async (url: string) => (await fetch(`${url}/metrics`)).text();

/** A run whose patience ends at the first look. */
const SURROUNDINGS: FloodSurroundings = {
  setTask: () => {},
  removeTask: () => {},
  elapsedSince: () => Number.POSITIVE_INFINITY,
};

test('a gateway refuses the floods that are more than it takes, and one that does not is a violation', async () => {
  await using gateway = await startGateway({
    A2E_API_URL: 'http://127.0.0.1:1',
    MAX_CONNECTIONS: '2',
    A2E_API_TOKEN: 't',
  });
  const { url } = gateway;
  const flooded = { name: 'a', isEnding: false, process: { url, metrics: () => metricsText(url) } };
  expect(await flood('connections', flooded, 2, SURROUNDINGS)).toBe('a did not refuse a flood of connections');
  expect(await flood('connections', flooded, 20, SURROUNDINGS)).toBeNull();
  const patient = { ...SURROUNDINGS, elapsedSince: () => 0 };
  expect(await flood('pings', flooded, 100, patient)).toBeNull();
  expect(await flood('garbage', flooded, 2, SURROUNDINGS)).toBeNull();
  const unread = await flood('unread updates', flooded, 1, SURROUNDINGS);
  expect(unread).toBe('a did not refuse a flood of unread updates');
  const gone = { ...flooded, process: { url: 'http://127.0.0.1:1', metrics: () => metricsText('http://127.0.0.1:1') } };
  expect(await flood('pings', gone, 1, SURROUNDINGS)).toContain('a in a flood of pings');
  expect(await flood('pings', { ...gone, isEnding: true }, 1, SURROUNDINGS)).toBeNull();
});

test('a flood of unread updates begins once A2E accepts the token', async () => {
  await using pair = await startPair(
    { A2E_API_TOKEN: 'renewed', AUTH_MODE: 'open', POLL_INTERVAL_MS: '100' },
    { tokens: [] },
  );
  const { simulator, gateway } = pair;
  const setTask = (id: string, message: string) => simulator.setTask(id, { status: 'process', message });
  const begun = neverRead(gateway.url, { ...SURROUNDINGS, setTask, elapsedSince: () => 0 });
  await simulator.waitForCalls('unread-1', 1);
  simulator.setAccess({ tokens: '*' });
  using _flood = await begun;
  const subscriptions = async () =>
    seriesValue(await metricsText(gateway.url), 'video_task_gateway_subscriptions{transport="websocket"}');
  await expect.poll(subscriptions).toBe(60);
});
