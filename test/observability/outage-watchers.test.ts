import { expect, test } from 'vitest';
import { createCluster } from '../../src/composition/create-cluster.ts';
import { createRegistry } from '../../src/composition/create-registry.ts';
import { createTransports } from '../../src/composition/create-transports.ts';
import { GatewayTallies } from '../../src/composition/gateway-tallies.ts';
import { createServices } from '../../src/composition/shared-services.ts';
import { loadConfig } from '../../src/config.ts';
import { StreamWriter } from '../../src/live/stream-writer.ts';
import { Subscriber } from '../../src/live/subscriber.ts';
import { createLogger } from '../../src/observability/log.ts';
import { clientOf } from '../../src/server/access/client.ts';
import { AccessLog } from '../../src/server/access-log/access-log.ts';
import { DEFAULT_TIMEOUTS } from '../../src/server/limits/timeouts.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { capture } from '../support/capture.ts';

const TASKS = 20;
const WATCHERS_PER_TASK = 500;
const WATCHERS = TASKS * WATCHERS_PER_TASK;

const STREAM = {
  writableNeedDrain: false,
  writableLength: 0,
  write: () => {},
  once: () => {},
  off: () => {},
  cork: () => {},
  uncork: () => {},
};

/** A gateway without sockets, with all of its log lines. */
async function startExecutor(origin: string, stack: AsyncDisposableStack) {
  const lines: string[] = [];
  const log = createLogger('info', {
    write(line) {
      capture('log', line.trimEnd());
      lines.push(line);
    },
  });
  const poll = { POLL_INTERVAL_MS: '200', POLL_MAX_INTERVAL_MS: '200' };
  const config = loadConfig({ ...poll, A2E_API_URL: origin, A2E_API_TOKEN: 'demo-token' });
  const tallies = new GatewayTallies();
  const cluster = stack.use(await createCluster(config, log, tallies.redis));
  const base = createServices(config, {
    log,
    timeouts: DEFAULT_TIMEOUTS,
    cluster,
    tallies,
    statusPage: { onFirstPort: false },
    stack,
  });
  const { registry } = createRegistry(base, undefined);
  const { executor, authenticator } = await createTransports(base, registry, new AccessLog(log, () => ''));
  return { executor, client: clientOf(await authenticator.authenticate(undefined), ''), lines };
}

test('an outage of A2E under 10,000 watchers, and its end, are a handful of lines', async () => {
  await using stack = new AsyncDisposableStack();
  const simulator = stack.use(await startSimulator());
  const { executor, client, lines } = await startExecutor(simulator.url, stack);
  const writer = new StreamWriter(STREAM, { onStall: () => {} });
  /** How many watchers have seen a fresh state, then a stale one, then a fresh one. */
  const seen = [0, 0, 0];
  const watch = () => {
    let phase = 0;
    const next = ({ json }: { readonly json: string }): void => {
      if (!json.includes(`"stale":${phase === 1}`) || phase > 2) return;
      seen[phase] = (seen[phase] ?? 0) + 1;
      phase += 1;
    };
    return new Subscriber({ next, end: () => {} }, writer);
  };
  for (let task = 0; task < TASKS; task += 1) {
    simulator.setTask(`task-${task}`, { status: 'process' });
    const query = `subscription { taskStatus(id: "task-${task}") { stale } }`;
    const params = { query, hash: null, operationName: null, variables: {} };
    const prepared = await executor.prepare(params, client);
    if (prepared.kind === 'rejected') throw new Error('rejected');
    for (let n = 0; n < WATCHERS_PER_TASK; n += 1) stack.defer(executor.subscribe(prepared.operation, watch()));
  }
  const wait = { timeout: 30_000, interval: 20 };
  await expect.poll(() => seen, wait).toEqual([WATCHERS, 0, 0]);
  expect(lines).toEqual([]);
  simulator.fault({ kind: 'status', status: 503, times: 'always' });
  await expect.poll(() => seen[1], wait).toBe(WATCHERS);
  simulator.clearFaults();
  await expect.poll(() => seen[2], wait).toBe(WATCHERS);
  const messages = lines.map((line) => (JSON.parse(line) as { readonly msg: string }).msg);
  expect(messages).toContain('A2E fails');
  expect(messages).toContain('A2E answers again');
  expect(messages.length, messages.join('\n')).toBeLessThan(8);
});
