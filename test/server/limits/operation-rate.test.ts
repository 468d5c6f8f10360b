import { describe, expect, test } from 'vitest';
import { startGateway, startPair } from '../../support/gateway.ts';
import { post } from '../../support/http-client.ts';
import { codesOf, TRANSPORTS } from '../../support/transports.ts';

describe('operations per second', () => {
  test.each(TRANSPORTS)('one too many is RATE_LIMITED over %s, and another caller is not', async (_name, call) => {
    await using gateway = await startGateway({ MAX_OPERATIONS_PER_SECOND: '3' });
    const looks = Array.from({ length: 20 }, () => call(gateway.url, { query: '{ __typename }' }, 'token-a'));
    const codes = (await Promise.all(looks)).flatMap(codesOf);
    expect(codes.length).toBeGreaterThan(0);
    expect(new Set(codes)).toEqual(new Set(['RATE_LIMITED']));
    expect((await call(gateway.url, { query: '{ __typename }' }, 'token-b')).data).toEqual({ __typename: 'Query' });
  });

  test.each(TRANSPORTS)(
    'a new token for each operation shares the rate of its address over %s',
    async (_name, call) => {
      const pair = await startPair({ A2E_API_TOKEN: '', MAX_OPERATIONS_PER_SECOND: '3' }, { tokens: ['anna'] });
      await using _ = pair;
      const { url } = pair.gateway;
      pair.simulator.setTask('a', { status: 'process' }, 'anna');
      const known = { query: '{ videoTask(id: "a") { status } }' };
      expect((await call(url, known, 'anna')).errors).toBeUndefined();
      const invented = Array.from({ length: 40 }, (_, n) => call(url, { query: '{ __typename }' }, `invented-${n}`));
      const codes = (await Promise.all(invented)).flatMap(codesOf);
      // Twice the rate in a second; the machine may take two seconds for the 40.
      expect(codes.length).toBeGreaterThanOrEqual(40 - 3 * 6);
      expect(new Set(codes)).toEqual(new Set(['RATE_LIMITED']));
      expect((await call(url, known, 'anna')).errors).toBeUndefined();
    },
  );

  test('an address behind a proxy is the address of the client', async () => {
    await using gateway = await startGateway({ MAX_OPERATIONS_PER_SECOND: '1', TRUST_PROXY: 'true' });
    const from = (n: number, address: string) =>
      post(gateway.url, '{ __typename }', {
        headers: { authorization: `Bearer invented-${address}-${n}`, 'x-forwarded-for': address },
      });
    const flood = await Promise.all(Array.from({ length: 20 }, (_, n) => from(n, '1.1.1.1')));
    expect(flood.filter(({ status }) => status === 429).length).toBeGreaterThan(10);
    expect((await from(0, '2.2.2.2')).status).toBe(200);
  });

  test('over HTTP the status says so as well', async () => {
    await using gateway = await startGateway({ A2E_API_TOKEN: 't', MAX_OPERATIONS_PER_SECOND: '1' });
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(gateway.url, '{ __typename }')));
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.headers['retry-after']).toBe('1');
  });

  test('callers of an open gateway are told apart by their address', async () => {
    const env = { A2E_API_TOKEN: 't', MAX_OPERATIONS_PER_SECOND: '1', TRUST_PROXY: 'true' };
    await using gateway = await startGateway(env);
    const from = (address: string) => post(gateway.url, '{ __typename }', { headers: { 'x-forwarded-for': address } });
    const answers = await Promise.all(['1.1.1.1', '6.6.6.6, 2.2.2.2', '6.6.6.6, 3.3.3.3'].map(from));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const again = await Promise.all(['1.1.1.1', '9.9.9.9, 1.1.1.1', '::ffff:1.1.1.1'].map(from));
    expect(again.map(({ status }) => status)).toContain(429);
  });
});
