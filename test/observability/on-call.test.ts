import { expect, test } from 'vitest';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { Markdown } from '../docs/markdown.ts';
import { freePort } from '../support/free-port.ts';
import { KeySet } from '../support/key-set.ts';
import {
  INTERVAL_MS,
  type Line,
  type OutageGateway,
  startOutageGateway,
  watchTasks,
} from '../support/outage-gateway.ts';
import { problems } from '../support/status-events.ts';

const rows = (await Markdown.read('docs/operations.md')).table('On call', 'situation');

/** Resolves once every cell of the runbook's row holds, within two intervals and a margin for a busy machine. */
async function expectRow(situation: string, { gateway, lines }: OutageGateway): Promise<Line> {
  const row = rows.find(([cell]) => cell === situation);
  const [message = '', level = '', metric = '', readiness = '', problem = ''] = (row ?? []).slice(1);
  const line = await lines.find(({ msg }) => `\`${msg}\`` === message);
  expect(`${line.level}`).toBe(level);
  await expect
    .poll(
      async () => {
        const answer = await fetch(`${gateway.url}/readyz`);
        return [answer.status, await answer.text(), await (await fetch(`${gateway.url}/metrics`)).text()].join('\n');
      },
      { timeout: 2 * INTERVAL_MS + 1_000, interval: 50 },
    )
    .toMatch(matching([readiness.slice(0, 3), ...[readiness, metric].map((cell) => /`(.*)`/.exec(cell)?.[1] ?? '')]));
  await problems(gateway.url).toContain(problem);
  return line;
}

/** Texts in this order, with anything in between. */
function matching(texts: readonly string[]): RegExp {
  return new RegExp(texts.map((text) => RegExp.escape(text)).join('[^]*'));
}

test.each([1, 10_000])(
  'A2E away is told at once, in a handful of lines with %i watched tasks, and so is its return',
  async (tasks) => {
    await using stack = new AsyncDisposableStack();
    const port = await freePort();
    const watched = stack.use(await startOutageGateway({ A2E_API_URL: `http://127.0.0.1:${port}` }));
    const startedAt = performance.now();
    await watchTasks(watched.gateway.url, tasks, stack);
    const line = await expectRow('A2E away', watched);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(line).toMatchObject({ reason: 'ECONNREFUSED', failures: { ECONNREFUSED: 1 } });
    stack.use(await startSimulator({ port, autoCreate: () => ({ timeline: 'churn' }) }));
    await watched.lines.find(({ msg }) => msg === 'A2E answers again');
    await expect.poll(async () => (await fetch(`${watched.gateway.url}/readyz`)).text()).toContain('"upstream":"ok"');
    expect(watched.lines.all.length).toBeLessThan(8);
  },
);

test('a refused token appears in the log, the metrics and /readyz', async () => {
  await using stack = new AsyncDisposableStack();
  const simulator = stack.use(await startSimulator({ tokens: ['another'] }));
  const watched = stack.use(await startOutageGateway({ A2E_API_URL: simulator.url }));
  await watchTasks(watched.gateway.url, 1, stack);
  await expectRow('A2E refuses the token of the gateway', watched);
});

test('an unreachable key set is reported before the first request, and so is its recovery', async () => {
  await using stack = new AsyncDisposableStack();
  const keys = stack.use(await KeySet.start());
  await keys.add('one');
  keys.down = true;
  const watched = stack.use(
    await startOutageGateway({ A2E_API_URL: 'http://127.0.0.1:1', AUTH_MODE: 'jwt', AUTH_JWKS_URL: keys.url }),
  );
  expect(await expectRow('key set away', watched)).toMatchObject({ reason: 'HTTP 500' });
  keys.down = false;
  const authorization = `Bearer ${await keys.sign('one', { tasks: '*' })}`;
  const ask = () => fetch(`${watched.gateway.url}/graphql?query={__typename}`, { headers: { authorization } });
  await expect.poll(async () => (await ask()).status, { interval: 100 }).toBe(200);
  await watched.lines.find(({ msg }) => msg === 'key set answers again');
  expect(await (await fetch(`${watched.gateway.url}/readyz`)).json()).toMatchObject({ keySet: 'ok' });
});

test('a Redis that is unreachable from the start is reported', async () => {
  const port = await freePort();
  const env = { A2E_API_URL: 'http://127.0.0.1:1', REDIS_URL: `redis://127.0.0.1:${port}` };
  await using watched = await startOutageGateway(env);
  await expectRow('Redis away', watched);
});

test('the runbook has a row for each of these', () => {
  const situations = ['A2E away', 'A2E refuses the token of the gateway', 'key set away', 'Redis away'];
  expect(rows.map(([situation]) => situation)).toEqual(situations);
});
