import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { StatusSampler } from '../../../src/observability/status/status-sampler.ts';
import { readingAt } from './readings.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function startSampler(read: () => Promise<ReturnType<typeof readingAt>>, everyMs?: number) {
  const onSample = vi.fn();
  const onError = vi.fn();
  return { onSample, onError, sampler: new StatusSampler({ read, version: '1', everyMs, onSample, onError }) };
}

test('it reads once at the start and once per 5 s, keeps 15 minutes, and stops when it is disposed of', async () => {
  let reads = 0;
  const { sampler, onSample } = startSampler(async () => readingAt(5 * reads++));
  expect([sampler.sample, sampler.snapshot]).toEqual([null, null]);
  await vi.advanceTimersByTimeAsync(0);
  expect(sampler.sample).toMatchObject({ now: { version: '1' }, point: null });
  await vi.advanceTimersByTimeAsync(20 * 60_000);
  expect(reads).toBe(1 + 240);
  expect(onSample).toHaveBeenCalledTimes(reads);
  expect(sampler.snapshot).toMatchObject({ every: 5, capacity: 180, now: { uptimeSeconds: 1_200 } });
  const ats = sampler.snapshot?.points.map(({ at }) => at) ?? [];
  expect([ats.length, ats[0], ats.at(-1)]).toEqual([180, 305, 1_200]);
  expect(sampler.sample?.point?.at).toBe(1_200);
  sampler[Symbol.dispose]();
  expect(vi.getTimerCount()).toBe(0);
});

test('a failed reading is reported, and the next one follows', async () => {
  const error = new Error('no reading');
  const read = vi.fn(async () => readingAt(1)).mockRejectedValueOnce(error);
  const { sampler, onError, onSample } = startSampler(read, 1_000);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(onError).toHaveBeenCalledExactlyOnceWith(error);
  expect(onSample).toHaveBeenCalledOnce();
  sampler[Symbol.dispose]();
});
