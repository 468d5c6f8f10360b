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
