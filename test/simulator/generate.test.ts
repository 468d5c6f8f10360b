import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { call } from './ask.ts';

const ORDER = {
  anchor_id: '63de16f26c6193fa4ca7a486',
  anchor_type: 1,
  audioSrc: 'https://example.com/speech.mp3',
  resolution: 1080,
  web_bg_width: 853,
  web_bg_height: 480,
  web_people_width: 270,
  web_people_height: 480,
  web_people_x: 292,
  web_people_y: 0,
};

/** An answer that names the first field that is missing: no task was created. */
const REFUSED = [400, { code: 400, msg: 'anchor_id is required' }];

function generate(url: string, order: object, token = 'demo-token'): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return fetch(`${url}/api/v1/video/generate`, { method: 'POST', headers, body: JSON.stringify(order) });
}

test('generate creates a task that its token finds', async () => {
  await using simulator = await startSimulator();
  const answer = (await (await generate(simulator.url, ORDER)).json()) as { code: number; data: { _id: string } };
  expect(answer).toEqual({ code: 0, data: { _id: expect.stringMatching(/^[0-9a-f]{24}$/) } });
  const found = await (await call(simulator.url, answer.data._id)).json();
  expect(found).toMatchObject({ code: 0, data: [{ status: 'init', anchor_type: '1', web_bg_width: 853 }] });
});

test('generate refuses a bad token, and an order without a required field', async () => {
  await using simulator = await startSimulator();
  expect((await generate(simulator.url, ORDER, 'stolen')).status).toBe(401);
  const incomplete = await generate(simulator.url, { ...ORDER, audioSrc: undefined });
  expect([incomplete.status, await incomplete.json()]).toEqual([400, { code: 400, msg: 'audioSrc is required' }]);
});

test.each([
  ['no JSON', 'anchor_id=1'],
  ['a JSON value that is no object', '"anchor_id"'],
  ['null', 'null'],
  ['nothing', ''],
  ['more than 64 KiB', JSON.stringify({ ...ORDER, text: 'x'.repeat(64 * 1024) })],
])('generate refuses a body that is %s', async (_name, body) => {
  await using simulator = await startSimulator();
  const headers = { authorization: 'Bearer demo-token' };
  const answer = await fetch(`${simulator.url}/api/v1/video/generate`, { method: 'POST', headers, body });
  expect([answer.status, await answer.json()]).toEqual(REFUSED);
});

test('generate cuts its connection while A2E is down', async () => {
  await using simulator = await startSimulator();
  simulator.setDown(true);
  await expect(generate(simulator.url, ORDER)).rejects.toThrow('fetch failed');
  simulator.setDown(false);
  expect((await generate(simulator.url, ORDER)).status).toBe(200);
});

test('a caller of generate that breaks off in the middle of its order disturbs no other caller', async () => {
  await using simulator = await startSimulator();
  const caller = connect(simulator.port, '127.0.0.1');
  await once(caller, 'connect');
  const head = 'host: x\r\nexpect: 100-continue\r\ncontent-length: 100\r\n\r\n';
  caller.write(`POST /api/v1/video/generate HTTP/1.1\r\n${head}{"anchor_id"`);
  // The simulator has the request now, and waits for its body.
  await once(caller, 'data');
  caller.resetAndDestroy();
  await once(caller, 'close');
  expect((await generate(simulator.url, ORDER)).status).toBe(200);
});
