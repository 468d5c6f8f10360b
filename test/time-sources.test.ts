import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const SRC = join(import.meta.dirname, '../src');
/** Calls and references: `Date.now` handed over, `Date()` and `new Date` without an argument, the TIME of Redis. */
const WALL_CLOCK = /\bDate\.now\b|\bDate\(\)|new Date\b(?!\()|\btimeOrigin\b|redis\.p?call\(\s*['"]TIME['"]/i;

/** The files that may read a wall clock, each with its reason. Durations and deadlines use `performance.now()`. */
const ALLOWED: Readonly<Record<string, string>> = {
  'upstream/retry-after.ts': 'for an HTTP-date in a response without `Date`; the result is clamped to 5 min',
  'server/access/expiry.ts': '`exp` of a ticket is an instant of the wall clock',
  'task/watch-state.ts': '`checkedAt` and `enteredAt` are instants that people read',
  'task/task-watch.ts': '`nextCheckAt` is an instant that people read',
  'task/merge-peer-state.ts': '`checkedAt` of a peer must not lie in the future',
  'task/snapshot-codec.ts': '`checkedAt` and `enteredAt` travel as ages, and become instants again',
  'cluster/local-claims.ts': 'the first version of a topic, so that it is above the versions of an earlier process',
  'cluster/redis/redis-scripts.ts': 'instants stored in Redis, each bounded against a step of its clock',
  'observability/metrics/process-metrics.ts': 'the start of the process is an instant',
  'simulator/call-log.ts': 'callers of the control address compare the instants of calls with their own clock',
  'simulator/simulator.ts': 'A2E writes the instants of its own clock into its answers',
  'server/watch-page/public/server-clock.js': 'the difference between the clocks of browser and gateway',
};

const users = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(ts|js)$/.test(file))
  .filter((file) => WALL_CLOCK.test(readFileSync(join(SRC, file), 'utf8')));

test('only the named files read a wall clock', () => {
  expect(users.filter((file) => !(file in ALLOWED))).toEqual([]);
});

test('every named file reads one', () => {
  expect(Object.keys(ALLOWED).filter((file) => !users.includes(file))).toEqual([]);
});

test.each([
  'const now = Date.now;',
  'Date.now()',
  'new Date()',
  'new Date;',
  'Date()',
  'performance.timeOrigin',
  `redis.call("TIME")`,
  `redis.call( 'time' )`,
])('%s reads a wall clock', (code) => {
  expect(code).toMatch(WALL_CLOCK);
});

test.each(['performance.now()', 'new Date(instant)', 'Date.parse(text)', 'type Seen = Date;'])(
  '%s reads none',
  (code) => {
    expect(code).not.toMatch(WALL_CLOCK);
  },
);
