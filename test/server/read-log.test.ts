import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ReadLog } from '../../src/server/read-log.ts';
import { Heart, OWN } from '../task/heart.ts';
import { report, ScriptedSource } from '../task/scripted-source.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const INTERVAL_MS = 1_000;
const HOUR_MS = 3_600_000;

/** What an operation has read that asked for one task. */
async function readOne(heart: Heart): Promise<ReadLog> {
  const reads = new ReadLog();
  const asked = heart.registry.get('a', OWN);
  await vi.advanceTimersByTimeAsync(0);
  reads.note(heart.registry.watch('a', OWN), await asked);
  return reads;
}

const createHeart = (status: 'PROCESS' | 'SUCCESS') =>
  new Heart({
    intervalMs: INTERVAL_MS,
    source: new ScriptedSource((id) => report(id, status)),
  });

test('a state stands for an interval', async () => {
  await using heart = createHeart('PROCESS');
  const reads = await readOne(heart);
  vi.setSystemTime(Date.now() + INTERVAL_MS - 1);
  expect(reads.stands()).toBe(true);
  vi.setSystemTime(Date.now() + 1);
  expect(reads.stands()).toBe(false);
});

test('a state does not stand longer because the clock was set back', async () => {
  await using heart = createHeart('PROCESS');
  const reads = await readOne(heart);
  vi.setSystemTime(Date.now() - HOUR_MS);
  expect(reads.stands()).toBe(false);
});

test('a final state stands, whatever the clock says', async () => {
  await using heart = createHeart('SUCCESS');
  const reads = await readOne(heart);
  for (const stepMs of [HOUR_MS, -2 * HOUR_MS]) {
    vi.setSystemTime(Date.now() + stepMs);
    expect(reads.stands()).toBe(true);
  }
});
