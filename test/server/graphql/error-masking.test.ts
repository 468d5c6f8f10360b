import { expect, it } from 'vitest';
import { Overloaded } from '../../../src/errors.ts';
import { createErrorMasker } from '../../../src/server/graphql/error-masking.ts';

it('formats an error that refuses many requests once, and logs each unexpected error', () => {
  const unexpected: unknown[] = [];
  const mask = createErrorMasker((error) => unexpected.push(error));
  const overloaded = new Overloaded('full', 1);
  expect(mask(overloaded, null)).toBe(mask(overloaded, null));
  expect(mask(overloaded, null)).toEqual({ message: 'full', extensions: { code: 'OVERLOADED', retryAfterSeconds: 1 } });
  const bug = new TypeError('a bug');
  expect([mask(bug, null), mask(bug, null)].map(({ message }) => message)).toEqual([
    'Internal server error',
    'Internal server error',
  ]);
  expect(unexpected).toEqual([bug, bug]);
});
