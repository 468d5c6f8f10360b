import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const SRC = join(import.meta.dirname, '../src');
const WALL_CLOCK = /Date\.now\(|new Date\(\)|redis\.call\('TIME'\)/;

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
  'server/watch-page/public/server-clock.js': 'the difference between the clocks of browser and gateway',
};

const users = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(ts|js)$/.test(file) && !file.startsWith('simulator'))
  .filter((file) => WALL_CLOCK.test(readFileSync(join(SRC, file), 'utf8')));

test('only the named files read a wall clock', () => {
  expect(users.filter((file) => !(file in ALLOWED))).toEqual([]);
});

test('every named file reads one', () => {
  expect(Object.keys(ALLOWED).filter((file) => !users.includes(file))).toEqual([]);
});
