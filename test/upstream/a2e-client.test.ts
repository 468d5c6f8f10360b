import { getEventListeners, once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { TokenRefused, UpstreamUnavailable } from '../../src/errors.ts';
import { WrongTask } from '../../src/upstream/contract-violation.ts';
import { CREDENTIAL, Harness, ID, TOKEN } from './harness.ts';
import { answerFor, say, serve } from './upstream-server.ts';

test('sends the documented request, under a base path too', async () => {
  const asked: unknown[] = [];
  await using server = await serve(async (request, response) => {
    const { method, url, headers } = request;
    asked.push({ method, url, headers, body: JSON.parse(await text(request)) });
    response.end(answerFor(ID));
  });
  await using root = new Harness(server.origin);
  await using based = new Harness(`${server.origin}/some/prefix/`);
  expect((await root.read())?.status).toBe('SUCCESS');
  await based.read();
  const headers = expect.objectContaining({ authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' });
  const common = { method: 'POST', headers, body: { _id: ID } };
  expect(asked).toEqual([
    { ...common, url: '/api/v1/video/awsResult' },
    { ...common, url: '/some/prefix/api/v1/video/awsResult' },
  ]);
  expect(root.events).toEqual([{ kind: 'answered', ms: expect.any(Number), status: 200 }, { kind: 'decoded' }]);
});

test('reuses its connection, and never opens more than allowed', async () => {
  await using server = await serve((_request, response) => response.end(answerFor(ID)));
  await using single = new Harness(server.origin, { maxConnections: 1 });
  await single.read();
  await single.read();
  expect(server.connections).toBe(1);
  await using double = new Harness(server.origin, { maxConnections: 2 });
  await Promise.all(Array.from({ length: 20 }, () => double.read()));
  expect(server.connections).toBe(3);
});

test('no such task', async () => {
  const answers = ['{"code":0,"data":[]}', '{"code":0,"data":null}', '<h1>Not Found</h1>'];
  await using server = await serve((_request, response) => {
    response.statusCode = answers.length === 1 ? 404 : 200;
    response.end(answers.shift());
  });
  await using harness = new Harness(server.origin);
  expect([await harness.read(), await harness.read(), await harness.read()]).toEqual([null, null, null]);
  expect(new Set(harness.kinds())).toEqual(new Set(['answered', 'decoded']));
});

test('an unknown status is a task, and is reported', async () => {
  await using server = await serve((_request, response) => response.end(answerFor(ID, { status: 'paused' })));
  await using harness = new Harness(server.origin);
  expect(await harness.read()).toMatchObject({ status: 'UNKNOWN', rawStatus: 'paused' });
  expect(harness.events.at(-1)).toEqual({ kind: 'unknown-status' });
});

test("another task's answer is dropped, and so is its connection", async () => {
  let answer = answerFor('another');
  await using server = await serve((_request, response) => response.end(answer));
  await using harness = new Harness(server.origin, { maxConnections: 1 });
  expect(await harness.failure()).toBeInstanceOf(WrongTask);
  expect(harness.events.at(-1)).toEqual({
    kind: 'wrong-task',
    length: answer.length,
    hash: expect.stringMatching(/^[0-9a-f]{16}$/),
  });
  answer = answerFor(ID);
  expect((await harness.read())?.id).toBe(ID);
  expect((await harness.read())?.id).toBe(ID);
  expect(server.connections).toBe(2);
});

test("calls under way outlive another call's wrong answer", async () => {
  const waiting = Promise.withResolvers<() => void>();
  await using server = await serve((_request, response) => {
    if (server.connections === 1) waiting.resolve(() => response.end(answerFor(ID)));
    else response.end(answerFor('another'));
  });
  await using harness = new Harness(server.origin);
  const slow = harness.read();
  const release = await waiting.promise;
  await harness.failure();
  release();
  expect((await slow)?.id).toBe(ID);
});

test.each(['', 'with space', 'line\r\nbreak: x', 'schlüssel'])(
  '%j is refused as a token without a call',
  async (token) => {
    await using server = await serve((_request, response) => response.end(answerFor(ID)));
    await using harness = new Harness(server.origin);
    await expect(harness.client.read(ID, { ...CREDENTIAL, token })).rejects.toBeInstanceOf(TokenRefused);
    expect(server.connections).toBe(0);
  },
);

test("the caller's abort ends the call with its reason and closes the connection", async () => {
  const arrival = Promise.withResolvers<IncomingMessage>();
  await using server = await serve((request) => arrival.resolve(request));
  await using harness = new Harness(server.origin);
  const controller = new AbortController();
  const read = harness.read(controller.signal);
  const request = await arrival.promise;
  const closed = once(request.socket, 'close');
  const reason = new Error('no subscriber is left');
  controller.abort(reason);
  await expect(read).rejects.toBe(reason);
  await closed;
  expect(harness.kinds()).toEqual(['aborted']);
  await expect(harness.read(controller.signal)).rejects.toBe(reason);
  expect(server.connections).toBe(1);
});

test('an abort in the middle of the body ends the call too', async () => {
  await using server = await serve((_request, response) => response.write('{"code":0,'));
  await using harness = new Harness(server.origin);
  const controller = new AbortController();
  const read = harness.read(controller.signal);
  const reason = new Error('no subscriber is left');
  setImmediate(function abortOnceConnected() {
    if (server.connections === 0) setImmediate(abortOnceConnected);
    else controller.abort(reason);
  });
  await expect(read).rejects.toBe(reason);
});

test('an abort while connecting ends the call at once', async () => {
  await using server = await say('');
  await using harness = new Harness(server.origin.replace('http:', 'https:'));
  const controller = new AbortController();
  const read = harness.read(controller.signal);
  const reason = new Error('no subscriber is left');
  controller.abort(reason);
  await expect(read).rejects.toBe(reason);
});

test("leaves no listener on the caller's signal", async () => {
  let status = 200;
  await using server = await serve((_request, response) => {
    response.statusCode = status;
    response.end(answerFor(ID));
  });
  await using harness = new Harness(server.origin);
  const { signal } = new AbortController();
  const reads = Array.from({ length: 5 }, () => harness.read(signal));
  expect(getEventListeners(signal, 'abort')).toHaveLength(5);
  await Promise.all(reads);
  status = 500;
  await expect(harness.read(signal)).rejects.toBeInstanceOf(UpstreamUnavailable);
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

test('disposing cuts the calls under way, reports them as aborted, and may be repeated', async () => {
  const arrival = Promise.withResolvers<void>();
  await using server = await serve(() => arrival.resolve());
  const harness = new Harness(server.origin);
  const read = harness.failure();
  await arrival.promise;
  await Promise.all([harness[Symbol.asyncDispose](), harness[Symbol.asyncDispose]()]);
  expect(await read).toBeInstanceOf(UpstreamUnavailable);
  expect(await harness.failure()).toBeInstanceOf(UpstreamUnavailable);
  expect(harness.kinds()).toEqual(['aborted', 'aborted']);
});
