import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { call } from './ask.ts';

test('disposing of it cuts idle and busy connections at once, twice as well as once', async () => {
  const simulator = await startSimulator();
  await (await call(simulator.url, 'demo-success')).text();
  simulator.fault({ kind: 'hang' });
  const hanging = expect(call(simulator.url, 'demo-success')).rejects.toThrow();
  await simulator.waitForCalls('demo-success', 2);
  const silent = connect(simulator.port, '127.0.0.1');
  silent.on('error', () => {});
  await once(silent, 'connect');
  const cut = once(silent, 'close');
  await simulator[Symbol.asyncDispose]();
  await simulator[Symbol.asyncDispose]();
  await Promise.all([hanging, cut]);
  await expect(call(simulator.url, 'demo-success')).rejects.toThrow();
});

test('an IPv6 address stands in brackets in its URL', async () => {
  await using simulator = await startSimulator({ host: '::ffff:127.0.0.1' });
  expect(simulator.url).toBe(`http://[::ffff:127.0.0.1]:${simulator.port}`);
  expect((await call(simulator.url, 'demo-success')).status).toBe(200);
});

test('a port that is taken is an error', async () => {
  await using simulator = await startSimulator();
  await expect(startSimulator({ port: simulator.port })).rejects.toThrow(/EADDRINUSE/);
});

test('a caller that breaks off in the middle of its request is not counted', async () => {
  await using simulator = await startSimulator();
  const caller = connect(simulator.port, '127.0.0.1');
  await once(caller, 'connect');
  caller.write('POST /api/v1/video/awsResult HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"_id"');
  caller.resetAndDestroy();
  await once(caller, 'close');
  await call(simulator.url, 't1');
  expect(simulator.totalCalls()).toBe(1);
});

test('the video of a finished task plays from it, also by ranges', async () => {
  await using simulator = await startSimulator();
  const get = (range?: string) => fetch(`${simulator.url}/results/t1.mp4`, range ? { headers: { range } } : {});
  const whole = await get();
  expect([whole.status, whole.headers.get('content-type')]).toEqual([200, 'video/mp4']);
  const bytes = await whole.bytes();
  expect(new TextDecoder().decode(bytes.subarray(4, 8))).toBe('ftyp');
  const part = await get('bytes=4-7');
  expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 4-7/${bytes.length}`]);
  expect(await part.text()).toBe('ftyp');
  expect((await (await get('bytes=4-')).bytes()).length).toBe(bytes.length - 4);
  expect((await get('bytes=99999-')).status).toBe(416);
  const head = await fetch(`${simulator.url}/results/t1.mp4`, { method: 'HEAD' });
  expect(head.headers.get('content-length')).toBe(String(bytes.length));
});
