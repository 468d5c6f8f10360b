import { expect, test } from 'vitest';
import { startPair } from '../support/gateway.ts';
import { ask, post } from '../support/http-client.ts';
import { metric, metricOf } from '../support/metrics-of.ts';
import { openStream } from '../support/sse-client.ts';
import { connect } from '../support/ws-client.ts';

const WATCH = 'subscription { taskStatus(id: "task-1") { progress status } }';
const LOOK = '{ videoTask(id: "task-1") { status } }';
const SAVED = 'upstream_calls_saved_total';

test('viewers of one task share its calls, and each transport counts its updates', async () => {
  await using pair = await startPair();
  const { url } = pair.gateway;
  pair.simulator.setTask('task-1', { status: 'process', process: 1 });
  await using client = await connect(url);
  for (const id of ['1', '2', '3']) client.subscribe(id, WATCH);
  await using stream = await openStream(url, { query: WATCH });
  await stream.events.count(1);
  await client.messages.count(4);
  await metric(url, 'subscriptions{transport="websocket"}').toBe(3);
  await metric(url, 'subscriptions{transport="sse"}').toBe(1);
  await metric(url, 'client_connections{transport="websocket"}').toBe(1);
  await metric(url, 'client_connections{transport="sse"}').toBe(1);
  const before = pair.simulator.totalCalls();
  const savedBefore = (await metricOf(url, `video_task_gateway_${SAVED}{reason="shared_poll"}`)) ?? 0;
  await pair.simulator.waitForCalls('task-1', before + 4);
  pair.simulator.setTask('task-1', { status: 'success', process: 100, result: 'https://example.com/video.mp4' });
  await stream.ended;
  await Promise.all(['1', '2', '3'].map((id) => client.ended(id)));
  const saved = ((await metricOf(url, `video_task_gateway_${SAVED}{reason="shared_poll"}`)) ?? 0) - savedBefore;
  const calls = pair.simulator.totalCalls() - before;
  // One call may have been under way at the first scrape.
  expect([3 * calls, 3 * (calls + 1), 3 * (calls - 1)]).toContain(saved);
  await metric(url, 'updates_delivered_total{transport="websocket"}').toBe(6);
  await metric(url, 'updates_delivered_total{transport="sse"}').toBe(2);
  await metric(url, 'operations_total{kind="subscription",outcome="completed"}').toBe(4);
  await metric(url, 'subscriptions{transport="websocket"}').toBe(0);
  await metric(url, 'client_connections{transport="sse"}').toBe(0);
});

test('a query of a known state saves a call, from the response cache too', async () => {
  await using pair = await startPair();
  const { url } = pair.gateway;
  pair.simulator.setTask('task-1', { status: 'success', process: 100, result: 'https://example.com/video.mp4' });
  await post(url, LOOK);
  await metric(url, `${SAVED}{reason="known_state"}`).toBe(0);
  await post(url, '{ videoTask(id: "task-1") { id } }');
  await metric(url, `${SAVED}{reason="known_state"}`).toBe(1);
  await post(url, LOOK);
  await metric(url, `${SAVED}{reason="response_cache"}`).toBe(1);
  await metric(url, 'response_cache_requests_total{result="hit"}').toBe(1);
  await metric(url, 'response_cache_requests_total{result="miss"}').toBe(2);
  await metric(url, 'operations_total{kind="query",outcome="ok"}').toBe(2);
  await post(url, '{ noSuchField }');
  await metric(url, 'operations_total{kind="unknown",outcome="rejected"}').toBe(1);
});

test('an operation that never runs is rejected, on each transport', async () => {
  await using pair = await startPair({ MAX_BODY_BYTES: '2000' });
  const { url } = pair.gateway;
  const subscription = 'subscription { taskStatus(id: "task-1") { id } }';
  const bodies = ['{', '{"query":1}', JSON.stringify({ query: ' '.repeat(2_000) }), JSON.stringify({ query: '{' })];
  let rejected = 0;
  const expectRejected = async (what: string) => {
    rejected += 1;
    const count = await metricOf(url, 'video_task_gateway_operations_total{kind="unknown",outcome="rejected"}');
    expect([what, count]).toEqual([what, rejected]);
  };
  for (const accept of ['application/json', 'text/event-stream', 'multipart/mixed;subscriptionSpec=1.0'])
    for (const body of bodies) {
      const headers = { accept, 'content-type': 'application/json' };
      await ask(`${url}/graphql`, { method: 'POST', headers, body });
      await expectRejected(`${accept}: ${body}`);
    }
  await ask(`${url}/graphql?query={__typename}&variables=1`, { headers: { accept: 'application/json' } });
  await expectRejected('GET');
  expect((await post(url, subscription)).status).toBe(406);
  await expectRejected('a subscription without a stream');
  await using client = await connect(url);
  client.send({ id: '1', type: 'subscribe', payload: { query: subscription, variables: { a: deep(20) } } });
  await client.messages.find(({ type }) => type === 'error');
  await expectRejected('WebSocket');
});

/** A value of so many objects in each other. */
function deep(depth: number): unknown {
  return depth === 0 ? null : { inner: deep(depth - 1) };
}
