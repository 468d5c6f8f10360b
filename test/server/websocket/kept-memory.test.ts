import { expect, it } from 'vitest';
import { startSimulator } from '../../../src/simulator/simulator.ts';
import { TOKEN } from '../../support/gateway.ts';
import { startProbed } from '../../support/probed-gateway.ts';
import { connect, type WsClient } from '../../support/ws-client.ts';

const QUERY = 'subscription Watch($id: ID!) { taskStatus(id: $id) { status } }';
const SUBSCRIPTIONS = 100;
/** 60 KB as JSON, well over 1 MB once parsed. */
const FAT = Array.from({ length: 20_000 }, () => ({}));
const variables = { id: 'kept' };

/** Subscribes `SUBSCRIPTIONS` times, with `more` in each message and `asked` in each payload. */
async function subscribeAll(client: WsClient, more: object, asked: object, padding = ''): Promise<void> {
  for (let index = 0; index < SUBSCRIPTIONS; index += 1) {
    const payload = { query: QUERY, variables, ...asked };
    client.send(JSON.stringify({ id: `${index}`, type: 'subscribe', ...more, payload }) + padding);
  }
  await client.messages.count(1 + SUBSCRIPTIONS);
  expect(client.messages.all.filter(({ type }) => type === 'next')).toHaveLength(SUBSCRIPTIONS);
}

it('retains little of a subscribe message beyond its operation', { timeout: 120_000 }, async () => {
  await using simulator = await startSimulator({ tokens: [TOKEN] });
  simulator.setTask('kept', { status: 'process', process: 42 });
  // With room for all of it at once.
  const env = { A2E_API_URL: simulator.url, A2E_API_TOKEN: TOKEN, MAX_BODY_BYTES: '5000000' };
  await using gateway = await startProbed(env);
  const grownBy = async (ask: (client: WsClient) => Promise<void>, params?: object): Promise<number> => {
    const before = await gateway.heap();
    await using client = await connect(gateway.url, params);
    await ask(client);
    return (await gateway.heap()) - before;
  };
  await grownBy((client) => subscribeAll(client, {}, {}));
  const grown = {
    connectionParams: await grownBy((client) => subscribeAll(client, {}, {}), { fat: FAT }),
    extensions: await grownBy((client) => subscribeAll(client, {}, { extensions: { fat: FAT } })),
    variables: await grownBy((client) => subscribeAll(client, {}, { variables: { ...variables, fat: FAT } })),
    payload: await grownBy((client) => subscribeAll(client, {}, { fat: FAT })),
    message: await grownBy((client) => subscribeAll(client, { fat: FAT }, {})),
    text: await grownBy((client) => subscribeAll(client, {}, {}, ' '.repeat(60_000))),
  };
  for (const [what, bytes] of Object.entries(grown)) expect(bytes, what).toBeLessThan(1_000_000);
});

/** What one socket with an acknowledged connection may keep while it is open, in bytes of heap; ws and node included. */
const SOCKET_BUDGET = 9_500;
/** What one more subscription of a watched task may keep while it is active, in bytes of heap. */
const SUBSCRIPTION_BUDGET = 850;

it('keeps within its budget what a socket and what a subscription need', { timeout: 120_000 }, async () => {
  await using simulator = await startSimulator({ tokens: [TOKEN] });
  simulator.setTask('kept', { status: 'process', process: 42 });
  const limits = { MAX_SUBSCRIPTIONS_PER_CONNECTION: '10000', MAX_CONNECTIONS_PER_ADDRESS: '10000' };
  await using gateway = await startProbed({ A2E_API_URL: simulator.url, A2E_API_TOKEN: TOKEN, ...limits });
  await using clients = new AsyncDisposableStack();
  const open = async (): Promise<WsClient> => clients.use(await connect(gateway.url));
  const openMany = async (count: number): Promise<void> => {
    for (let opened = 0; opened < count; opened += 1) await open();
  };
  const grownBy = async (count: number, begin: () => Promise<unknown>): Promise<number> => {
    const before = await gateway.heap();
    await begin();
    return ((await gateway.heap()) - before) / count;
  };
  const subscribe = async (client: WsClient, count: number): Promise<void> => {
    for (let index = 0; index < count; index += 1) client.subscribe(`${index}`, QUERY, variables);
    await client.messages.count(1 + count);
  };
  await subscribe(await open(), 100);
  await openMany(100);
  const socket = await grownBy(1_000, () => openMany(1_000));
  const client = await open();
  const subscription = await grownBy(2_000, () => subscribe(client, 2_000));
  expect(socket, 'bytes per socket').toBeLessThan(SOCKET_BUDGET);
  expect(subscription, 'bytes per subscription').toBeLessThan(SUBSCRIPTION_BUDGET);
});
