import { expect, it } from 'vitest';
import { startPair } from '../../support/gateway.ts';
import { connect } from '../../support/ws-client.ts';

const LIMIT = 2;

it('counts operations that still wait to be prepared against MAX_SUBSCRIPTIONS_PER_CONNECTION', async () => {
  await using pair = await startPair({ MAX_SUBSCRIPTIONS_PER_CONNECTION: `${LIMIT}` });
  pair.simulator.setTask('t1', { status: 'process' });
  await using client = await connect(pair.gateway.url);
  const ids = Array.from({ length: 8 }, (_, n) => `${n}`);
  // Documents that all differ, so each waits for its turn.
  const messages = ids.map((id) => ({
    id,
    type: 'subscribe',
    payload: { query: `subscription { taskStatus(id: "t1") { f${id}: id } }` },
  }));
  client.sendTogether(...messages);
  await client.messages.count(1 + ids.length);
  const types = ids.map((id) => client.about(id)[0]?.type);
  expect(types.filter((type) => type === 'next')).toHaveLength(LIMIT);
  expect(types.filter((type) => type === 'error')).toHaveLength(ids.length - LIMIT);
  expect(pair.gateway.counts().liveResults).toBe(LIMIT);
});

it('begins no operation for a socket that closes while its document waits', async () => {
  await using pair = await startPair();
  pair.simulator.setTask('t1', { status: 'process' });
  for (let round = 0; round < 20; round += 1) {
    const client = await connect(pair.gateway.url);
    client.subscribe('w', `subscription { taskStatus(id: "t1") { g${round}: id } }`);
    client.socket.terminate();
    await client.closed;
  }
  await expect.poll(() => pair.gateway.counts()).toEqual({ watches: 0, liveResults: 0, connections: 0 });
});
