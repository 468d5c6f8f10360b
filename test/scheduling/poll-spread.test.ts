import { expect, test } from 'vitest';
import { type PlannedPoll, PollSpread } from '../../src/scheduling/poll-spread.ts';
import { mostWithin } from '../task/most-within.ts';

const INTERVAL_MS = 2_000;
const FIRST = { periodMs: INTERVAL_MS, isFirstRepeat: true };
const LATER = { periodMs: INTERVAL_MS, isFirstRepeat: false };

/** `count` polls that are due in one instant. */
function burst(spread: PollSpread, count: number, rhythm = FIRST): PlannedPoll[] {
  return Array.from({ length: count }, () => spread.plan(INTERVAL_MS, rhythm));
}

function dueTimes(polls: readonly PlannedPoll[]): number[] {
  return polls.map(({ dueAt }) => dueAt).sort((a, b) => a - b);
}

/** Lets every poll begin in its time and plans the next one an interval later. */
function nextTurn(spread: PollSpread, polls: readonly PlannedPoll[]): PlannedPoll[] {
  const inTime = polls.toSorted((a, b) => a.dueAt - b.dueAt);
  return inTime.map((poll) => {
    spread.remove(poll);
    return spread.plan(poll.dueAt + INTERVAL_MS, LATER);
  });
}

test('a few polls stay where they are due', () => {
  expect(new Set(dueTimes(burst(new PollSpread(INTERVAL_MS), 16)))).toEqual(new Set([INTERVAL_MS]));
});

test('the first repeats of a burst fill the interval evenly, from 0.1 to 1.1 intervals after it', () => {
  const times = dueTimes(burst(new PollSpread(INTERVAL_MS), 1_500));
  expect(times[0]).toBeGreaterThanOrEqual(0.1 * INTERVAL_MS);
  expect(times.at(-1)).toBeLessThanOrEqual(1.1 * INTERVAL_MS);
  expect(mostWithin(times, 100)).toBeLessThanOrEqual(1.5 * 75);
});

test('later repeats move by a tenth of their interval at most', () => {
  const spread = new PollSpread(INTERVAL_MS);
  const times = dueTimes(burst(spread, 500, LATER));
  expect(times[0]).toBeGreaterThanOrEqual(0.9 * INTERVAL_MS);
  expect(times.at(-1)).toBeLessThanOrEqual(1.1 * INTERVAL_MS);
  expect(mostWithin(times, 100)).toBeLessThanOrEqual(1.5 * 125);
});

test('an even load does not move', () => {
  const spread = new PollSpread(INTERVAL_MS);
  const even = nextTurn(spread, nextTurn(spread, nextTurn(spread, burst(spread, 1_500))));
  const next = nextTurn(spread, even);
  expect(dueTimes(next)).toEqual(dueTimes(even).map((at) => at + INTERVAL_MS));
});

test('two bursts at intervals of their own are even together', () => {
  const spread = new PollSpread(INTERVAL_MS);
  const slow = { periodMs: 5 * INTERVAL_MS, isFirstRepeat: true };
  const polls = [...burst(spread, 1_500), ...Array.from({ length: 1_500 }, () => spread.plan(5 * INTERVAL_MS, slow))];
  const times = dueTimes(polls).filter((at) => at > INTERVAL_MS / 2 && at < INTERVAL_MS);
  expect(mostWithin(times, 100)).toBeLessThanOrEqual(1.5 * (75 + 15));
});

test('polls that were removed leave their room to others', () => {
  const spread = new PollSpread(INTERVAL_MS);
  for (const poll of burst(spread, 1_500)) spread.remove(poll);
  expect(new Set(dueTimes(burst(spread, 16)))).toEqual(new Set([INTERVAL_MS]));
});
