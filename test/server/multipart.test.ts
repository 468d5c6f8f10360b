import { expect, it, vi } from 'vitest';
import { startPair } from '../support/gateway.ts';
import { untilQuiet } from '../support/quiet.ts';
import { openStream } from '../support/sse-client.ts';

/** As Apollo Client 4 sends it with a subscription. */
const ACCEPT =
  'multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/graphql-response+json,application/json;q=0.9';

/** The parts that a client knows to be whole, since the delimiter of the next one has come; without heartbeats. */
function partsOf(text: string): unknown[] {
  const blocks = text.split('\r\n--graphql').slice(1, -1);
  const parts = blocks.map((block) => JSON.parse(block.slice(block.indexOf('\r\n\r\n'))) as object);
  return parts.filter((part) => Object.keys(part).length > 0);
}

it("streams a subscription in Apollo's multipart protocol", async () => {
  await using pair = await startPair();
  const { gateway, simulator } = pair;
  simulator.setTask('job', { status: 'init' });
  const query = 'subscription { taskStatus(id: "job") { status } }';
  const shown = (status: string) => ({ payload: { data: { taskStatus: { status } } } });
  await using stream = await openStream(gateway.url, { query, headers: { accept: ACCEPT } });
  expect(stream.headers['content-type']).toBe('multipart/mixed; boundary="graphql"; subscriptionSpec="1.0"');
  await vi.waitFor(() => expect(partsOf(stream.text())).toEqual([shown('INIT')]), { timeout: 20_000 });
  simulator.setTask('job', { status: 'success' });
  await stream.ended;
  expect(partsOf(stream.text())).toEqual([shown('INIT'), shown('SUCCESS')]);
  expect(stream.text()).toMatch(/\r\n--graphql--\r\n$/);
  await untilQuiet(gateway);
});

it('tells what is wrong with a subscription', async () => {
  await using pair = await startPair();
  const query = 'subscription { taskStatus(id: "../x") { status } }';
  await using stream = await openStream(pair.gateway.url, { query, headers: { accept: ACCEPT } });
  await stream.ended;
  expect(partsOf(stream.text())).toMatchObject([{ payload: { errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] } }]);
});

it('answers a query with the same header as JSON', async () => {
  await using pair = await startPair();
  await using stream = await openStream(pair.gateway.url, { query: '{ __typename }', headers: { accept: ACCEPT } });
  await stream.ended;
  expect(stream.headers['content-type']).toBe('application/graphql-response+json; charset=utf-8');
  expect(stream.text()).toBe('{"data":{"__typename":"Query"}}');
});
