import { expect, test, vi } from 'vitest';
import { type PlannedPoll, PlannedPolls } from '../../src/scheduling/planned-polls.ts';
import { type PollRhythm, PollSpread } from '../../src/scheduling/poll-spread.ts';
import { Random } from '../soak/random.ts';
import { mostWithin } from '../task/most-within.ts';

const INTERVAL_MS = 2_000;
const FIRST: PollRhythm = { kind: 'repeat', periodMs: INTERVAL_MS, isFirstRepeat: true };
const LATER: PollRhythm = { ...FIRST, isFirstRepeat: false };

const SEEDS = [1, 2, 3, 4, 5];

function spreadOf(seed: number): PollSpread {
  const random = new Random(seed);
  return new PollSpread(INTERVAL_MS, () => random.next());
}

/** `count` polls that are due in one instant. */
function burst(spread: PollSpread, count: number, rhythm: PollRhythm = FIRST): PlannedPoll[] {
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
  expect(new Set(dueTimes(burst(spreadOf(1), 3)))).toEqual(new Set([INTERVAL_MS]));
});

test.each(SEEDS)(
  'the first repeats of a burst fill the interval evenly, from 0.1 to 1.1 intervals after it, seed %i',
  (seed) => {
    const times = dueTimes(burst(spreadOf(seed), 1_500));
    expect(times[0]).toBeGreaterThanOrEqual(0.1 * INTERVAL_MS);
    expect(times.at(-1)).toBeLessThanOrEqual(1.1 * INTERVAL_MS);
    expect(mostWithin(times, 100)).toBeLessThanOrEqual(1.5 * 75);
  },
);

test.each(SEEDS)('later repeats move by a tenth of their interval at most, seed %i', (seed) => {
  const spread = spreadOf(seed);
  const times = dueTimes(burst(spread, 500, LATER));
  expect(times[0]).toBeGreaterThanOrEqual(0.9 * INTERVAL_MS);
  expect(times.at(-1)).toBeLessThanOrEqual(1.1 * INTERVAL_MS);
  expect(mostWithin(times, 100)).toBeLessThanOrEqual(1.5 * 125);
});

test('the search for a place ends with the first one that fits', () => {
  const periodMs = 50_000;
  const spread = new PollSpread(periodMs);
  for (let n = 0; n < 1_000; n += 1) spread.plan(0, { kind: 'follow', periodMs, peerAt: n * 100 });
  using searches = vi.spyOn(PlannedPolls.prototype, 'lastBefore');
  const { callAt } = spread.plan(periodMs, { kind: 'repeat', periodMs, isFirstRepeat: false });
  expect(callAt).toBeCloseTo(50_042, -1);
  expect(searches.mock.calls.length).toBeLessThanOrEqual(5);
});

test.each(SEEDS)('an even load does not move, seed %i', (seed) => {
  const spread = spreadOf(seed);
  const even = nextTurn(spread, nextTurn(spread, nextTurn(spread, burst(spread, 1_500))));
  const next = nextTurn(spread, even);
  expect(dueTimes(next)).toEqual(dueTimes(even).map((at) => at + INTERVAL_MS));
});

test.each([4, 5, 17, 60, 100].flatMap((count) => SEEDS.map((seed) => [count, seed] as const)))(
  '%i polls watched in one instant are two thirds of the mean gap apart soon, seed %i',
  (count, seed) => {
    const spread = spreadOf(seed);
    let polls = burst(spread, count);
    // A shift is a tenth of an interval, and the gaps of a few polls are longer, so that they need more turns.
    const turns = count < 10 ? 6 : 3;
    for (let turn = 0; turn < turns; turn += 1) polls = nextTurn(spread, polls);
    const times = dueTimes(polls);
    const gaps = times.map((at, index) => at - (times[index - 1] ?? (times.at(-1) ?? at) - INTERVAL_MS));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual((2 / 3) * (INTERVAL_MS / count));
  },
);

test.each(SEEDS)('the polls of a peer that are followed stay, and own polls keep clear of them, seed %i', (seed) => {
  const spread = spreadOf(seed);
  const peerTimes = Array.from({ length: 10 }, (_, n) => INTERVAL_MS + n * 200);
  const followers = peerTimes.map((peerAt) =>
    spread.plan(peerAt + 300, { kind: 'follow', periodMs: INTERVAL_MS, peerAt }),
  );
  expect(dueTimes(followers)).toEqual(peerTimes.map((at) => at + 300));
  const own = spread.plan(INTERVAL_MS + 610, LATER);
  expect(Math.min(...peerTimes.map((at) => Math.abs(at - own.dueAt)))).toBeGreaterThan(90);
  for (const poll of [...followers, own]) spread.remove(poll);
  expect(spread.plan(INTERVAL_MS, LATER).dueAt).toBe(INTERVAL_MS);
});

test.each(SEEDS)('two bursts at intervals of their own are even together, seed %i', (seed) => {
  const spread = spreadOf(seed);
  const slow: PollRhythm = { ...FIRST, periodMs: 5 * INTERVAL_MS };
  const polls = [...burst(spread, 1_500), ...Array.from({ length: 1_500 }, () => spread.plan(5 * INTERVAL_MS, slow))];
  const times = dueTimes(polls).filter((at) => at > INTERVAL_MS / 2 && at < INTERVAL_MS);
  expect(mostWithin(times, 100)).toBeLessThanOrEqual(1.5 * (75 + 15));
});

test.each(SEEDS)('polls that were removed leave their room to others, seed %i', (seed) => {
  const spread = spreadOf(seed);
  for (const poll of burst(spread, 1_500)) spread.remove(poll);
  expect(new Set(dueTimes(burst(spread, 3)))).toEqual(new Set([INTERVAL_MS]));
});
