import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Pipeline } from '../../../src/server/limits/pipeline.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** A request that is served until it is ended by hand. */
function request(begun: string[], name: string) {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const serve = (): Promise<void> => {
    begun.push(name);
    return promise;
  };
  return { serve, end: resolve, fail: reject };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('serves the requests of a connection one after the other, and connections side by side', async () => {
  const pipeline = new Pipeline();
  const begun: string[] = [];
  const [connection, other] = [{}, {}];
  const [first, second, third] = [request(begun, 'first'), request(begun, 'second'), request(begun, 'third')];
  const served = [first, second].map(({ serve }) => pipeline.run(connection, serve));
  const besides = pipeline.run(other, third.serve);
  await turn();
  expect(begun).toEqual(['first', 'third']);
  first.end();
  await served[0];
  await turn();
  expect(begun).toEqual(['first', 'third', 'second']);
  second.end();
  third.end();
  await Promise.all([...served, besides]);
});

it('goes on after a request that fails, and the failure is its own', async () => {
  const pipeline = new Pipeline();
  const begun: string[] = [];
  const connection = {};
  const [first, second] = [request(begun, 'first'), request(begun, 'second')];
  const failing = pipeline.run(connection, first.serve);
  const going = pipeline.run(connection, second.serve);
  first.fail(new Error('broken'));
  await expect(failing).rejects.toThrow('broken');
  second.end();
  await going;
  expect(begun).toEqual(['first', 'second']);
});

it('holds the first refusal of a connection that pipelines, and no other refusal', async () => {
  const pipeline = new Pipeline();
  const [connection, other] = [{}, {}];
  const busy = request([], 'busy');
  const served = pipeline.run(connection, busy.serve);
  await pipeline.delayRefusal(other);
  const told: string[] = [];
  void pipeline.delayRefusal(connection).then(() => told.push('first'));
  void pipeline.delayRefusal(connection).then(() => told.push('second'));
  await turn();
  expect(told).toEqual(['second']);
  expect([connection, other].map((each) => pipeline.delaysRefusals(each))).toEqual([true, false]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told).toEqual(['second', 'first']);
  expect(pipeline.delaysRefusals(connection)).toBe(false);
  busy.end();
  await served;
  await pipeline.delayRefusal(connection);
});
