import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSimulator } from '../../../src/simulator/simulator.ts';
import { TOKEN } from '../../support/gateway.ts';
import { type ProbedGateway, startProbed } from '../../support/probed-gateway.ts';
import { codesOf, SUBSCRIBING } from '../../support/transports.ts';
import { connect } from '../../support/ws-client.ts';

const SOCKETS = 40;
const MOST_MS = 500;

const stack = new AsyncDisposableStack();
let gateway: ProbedGateway;
beforeAll(async () => {
  const simulator = stack.use(await startSimulator({ tokens: [TOKEN] }));
  simulator.setTask('t1', { status: 'process' });
  gateway = stack.use(await startProbed({ A2E_API_URL: simulator.url, A2E_API_TOKEN: TOKEN }));
});
afterAll(() => stack.disposeAsync());

/** Names `stages` again and again: validation compares each of them with each other one. */
const repeated = (times: number, n: number): string =>
  `subscription { taskStatus(id: "t1") { f${n}: id ${'stages { status } '.repeat(times)} } }`;

/** The longest answer of the health check while `work` goes on, in ms. */
async function longestHealthCheck(work: Promise<unknown>): Promise<number> {
  let done = false;
  const ended = work.finally(() => {
    done = true;
  });
  let longest = 0;
  while (!done) {
    const at = performance.now();
    await (await fetch(`${gateway.url}/healthz`)).text();
    longest = Math.max(longest, performance.now() - at);
  }
  await ended;
  return longest;
}

async function overSockets(times: number, perSocket: number): Promise<string[]> {
  await using sockets = new AsyncDisposableStack();
  const clients = await Promise.all(
    Array.from({ length: SOCKETS }, async () => sockets.use(await connect(gateway.url))),
  );
  for (const [socket, client] of clients.entries())
    for (let n = 0; n < perSocket; n += 1) client.subscribe(`${n}`, repeated(times, socket * perSocket + n));
  await Promise.all(clients.map((client) => client.messages.count(1 + perSocket)));
  return clients.flatMap(({ messages }) => messages.all.slice(1).map(({ type }) => type));
}

it('answers health checks while 40 sockets send documents that repeat a field', { timeout: 60_000 }, async () => {
  const seen = overSockets(235, 1);
  expect(await longestHealthCheck(seen)).toBeLessThan(MOST_MS);
  expect(new Set(await seen)).toEqual(new Set(['error']));
});

it('answers health checks while documents just within the limits are validated', { timeout: 60_000 }, async () => {
  const seen = overSockets(32, 5);
  expect(await longestHealthCheck(seen)).toBeLessThan(MOST_MS);
  expect(new Set(await seen)).toEqual(new Set(['next']));
});

it('answers health checks while requests over HTTP bring such documents', { timeout: 60_000 }, async () => {
  const ask = async (n: number): Promise<string> => {
    const query = repeated(32, n).replace('subscription', 'query').replace('taskStatus', 'videoTask');
    const body = JSON.stringify({ query });
    const headers = { 'content-type': 'application/json' };
    return (await fetch(`${gateway.url}/graphql`, { method: 'POST', headers, body })).text();
  };
  const answers = Promise.all(Array.from({ length: 200 }, (_, n) => ask(n)));
  expect(await longestHealthCheck(answers)).toBeLessThan(MOST_MS);
  for (const text of await answers) expect(text).toContain('"data"');
});

it.each(SUBSCRIBING)('rejects a field that is repeated too often over %s', async (_name, ask) => {
  const spread = `subscription { taskStatus(id: "t1") { ...A ...B } } fragment A on VideoTask { ${'id '.repeat(17)} } fragment B on VideoTask { ${'id '.repeat(17)} }`;
  const merged = `subscription { taskStatus(id: "t1") { ${'stages { status status } '.repeat(17)} } }`;
  for (const query of [repeated(33, 0), spread, merged])
    expect(codesOf(await ask(gateway.url, { query }))).toEqual(['OPERATION_TOO_COMPLEX']);
});
