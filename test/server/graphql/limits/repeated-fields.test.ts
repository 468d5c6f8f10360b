import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { hasRepeatedFields } from '../../../../src/server/graphql/limits/repeated-fields.ts';

const LIMITS = { maxRepeated: 3, maxFields: 100 };

function isRefused(text: string): boolean {
  return hasRepeatedFields(parse(text), LIMITS);
}

test.each([
  ['in one selection set', '{ a a a a }'],
  ['under one alias', '{ x: a x: a x: a x: a }'],
  ['in a selection set further in', '{ a { b { c c c c } } }'],
  ['in selection sets of one object', '{ a { b b } a { b b } }'],
  ['beside a fragment', '{ ...F a } fragment F on Query { a a a }'],
  ['in the second operation', 'query A { a } query B { a a a a }'],
])('a field that comes too often is found: %s', (_where, text) => {
  expect(isRefused(text)).toBe(true);
});

test.each([
  ['as often as it may', '{ a a a }'],
  ['under other names', '{ a x: a y: a z: a }'],
  ['in objects of their own', '{ x: a { b b } y: a { b b } }'],
  ['in a fragment that is spread twice, and counts once', '{ a { ...F ...F } } fragment F on T { b b }'],
])('a field may come %s', (_how, text) => {
  expect(isRefused(text)).toBe(false);
});

test('fragments that spread each other in a circle, which validation rejects, are not followed for ever', () => {
  expect(isRefused('{ ...F } fragment F on T { a { ...G } } fragment G on T { a { ...F } }')).toBe(false);
});
