import { expect, test } from 'vitest';
import { type Edge, fuzzEdge } from './fuzz-edge.ts';

/** The short run; `npm run fuzz` is the long one. */
const INPUTS = 1_000;

test.each<Edge>(['websocket', 'http'])('garbage at the %s edge harms no client', async (edge) => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const report = await fuzzEdge({ edge, inputs: INPUTS, seed });
  expect(report, `seed ${seed}`).toMatchObject({
    unexpected: [],
    left: { watches: 0, liveResults: 0, connections: 0 },
  });
  expect(report.updates).toBeGreaterThan(2);
  expect(report.longestGapMs).toBeLessThan(3_000);
});
