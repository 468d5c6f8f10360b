import { expect, test } from 'vitest';
import { failureReason } from '../../../src/cluster/redis/redis-failure.ts';
import { withTimeout } from '../../../src/cluster/redis/with-timeout.ts';

class SecretError extends Error {}

const refused = Object.assign(new Error('connect to secret'), { code: 'ECONNREFUSED' });
const cases: readonly [what: string, error: unknown, reason: string][] = [
  ['an error of the system', refused, 'ECONNREFUSED'],
  ['the first of several addresses that fail', new AggregateError([refused, new Error('secret')]), 'ECONNREFUSED'],
  ['several that name none', new AggregateError([]), 'AggregateError'],
  ['an error reply', new Error('NOAUTH Authentication required: secret'), 'NOAUTH'],
  ['the cause of an error without a code', new SecretError('secret', { cause: refused }), 'ECONNREFUSED'],
  ['an error without a cause', new SecretError('secret'), 'SecretError'],
  ['a code that is no code', Object.assign(new SecretError(''), { code: 'secret text' }), 'SecretError'],
  ['what is no error', 'secret', 'UNKNOWN'],
];

test.each(cases)('a log line names %s in a word, never by its text', (_what, error, reason) => {
  expect(failureReason(error)).toBe(reason);
});

test('a wait that is over is named TIMEOUT', async () => {
  const silent = withTimeout(1, new Promise(() => {})).catch(failureReason);
  expect(await silent).toBe('TIMEOUT');
});
