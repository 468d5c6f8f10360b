import { type AuditFail, serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Pair, startPair } from '../../support/gateway.ts';

let pair: Pair;
beforeAll(async () => {
  pair = await startPair();
});
afterAll(() => pair[Symbol.asyncDispose]());

describe('the audit of graphql-http', () => {
  const audits = serverAudits({ url: () => `${pair.gateway.url}/graphql`, fetchFn: fetch });

  it('has 61 parts', () => expect(audits).toHaveLength(61));

  // `$name` would be cut at 40 characters.
  it.each(audits.map(({ name, fn }) => [name, fn] as const))('%s', async (_name, fn) => {
    const result = await fn();
    expect(result.status, (result as AuditFail).reason).toBe('ok');
  });
});
