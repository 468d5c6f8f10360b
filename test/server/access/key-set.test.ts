import { generateKeyPairSync } from 'node:crypto';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { JwtAuthenticator } from '../../../src/server/access/jwt-authenticator.ts';
import { KeySet, type KeySetEvent } from '../../../src/server/access/key-set.ts';
import { KeySetFailure } from '../../../src/server/access/key-set-endpoint.ts';
import { CallbackQueue } from '../../support/callback-queue.ts';

const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

interface Signer {
  readonly jwk: JWK;
  readonly bearer: string;
}

async function signer(kid?: string, alg = 'ES256'): Promise<Signer> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const header = { alg, ...(kid !== undefined && { kid }) };
  const token = await new SignJWT({ tasks: '*' }).setProtectedHeader(header).sign(privateKey);
  return { jwk: { ...(await exportJWK(publicKey)), ...header }, bearer: `Bearer ${token}` };
}

/** An RSA key that is too short for any signature. */
function shortKey(kid?: string): JWK {
  const jwk = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });
  return { ...jwk, ...(kid !== undefined && { kid }) } as JWK;
}

const [one, two, unnamed, otherUnnamed, rsa] = await Promise.all([
  signer('one'),
  signer('two'),
  signer(),
  signer(),
  signer(undefined, 'RS256'),
]);

/** What the endpoint does with a fetch. `hangs`: the fetch ends after 5 s. */
type Behaviour = 'answers' | 'hangs' | 'HTTP 500' | 'ECONNREFUSED';

class Endpoint {
  behaviour: Behaviour = 'answers';
  keys: readonly unknown[] = [];
  fetches = 0;

  readonly fetch = async (): Promise<unknown> => {
    this.fetches += 1;
    if (this.behaviour === 'answers') return { keys: this.keys };
    if (this.behaviour !== 'hangs') throw new KeySetFailure(this.behaviour);
    return new Promise((_, reject) => setTimeout(reject, 5 * SECOND, new KeySetFailure('TIMEOUT')));
  };
}

let endpoint: Endpoint;
let events: CallbackQueue<KeySetEvent>;

beforeEach(() => {
  endpoint = new Endpoint();
  events = new CallbackQueue();
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
});

/** An authenticator over the keys of the endpoint, after its first fetch. */
async function open(keys: readonly unknown[], behaviour: Behaviour = 'answers'): Promise<JwtAuthenticator> {
  endpoint.keys = keys;
  endpoint.behaviour = behaviour;
  const keySet = new KeySet({ fetch: endpoint.fetch, onEvent: events.put });
  onTestFinished(() => keySet[Symbol.dispose]());
  if (behaviour !== 'hangs') await events.find(({ kind }) => kind !== 'unusable-key');
  // A ticket comes later than the keys.
  if (behaviour === 'answers') await pass(1);
  return new JwtAuthenticator({ gatewayToken: 'g', secrets: [], keySet, issuer: null, audience: null });
}

/** Advances the time, and waits for the refreshes that end in it. */
async function pass(ms: number, refreshes = 0): Promise<void> {
  const ended = refreshed() + refreshes;
  await vi.advanceTimersByTimeAsync(ms);
  while (refreshed() < ended) await events.count(events.all.length + 1);
}

function refreshed(): number {
  return events.all.filter(({ kind }) => kind !== 'unusable-key').length;
}

/** The code of the refusal, or `accepted`, without a step of the clock: nothing waited for a timer. */
async function outcome(access: JwtAuthenticator, bearer: string): Promise<string> {
  try {
    await access.authenticate(bearer);
    return 'accepted';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

/** The same for a request that may wait for a refresh, 50 ms at most. */
async function outcomeSoon(access: JwtAuthenticator, bearer: string): Promise<string> {
  const promise = outcome(access, bearer);
  // The verification runs on other threads, so the timer may not be armed yet.
  while (vi.getTimerCount() < 2) await new Promise(setImmediate);
  await vi.advanceTimersByTimeAsync(50);
  return promise;
}

describe('the keys held', () => {
  test.each(['hangs', 'HTTP 500', 'ECONNREFUSED'] as const)(
    'serve for a day without a wait while the endpoint fails: %s',
    async (behaviour) => {
      const access = await open([one.jwk]);
      endpoint.behaviour = behaviour;
      await pass(HOUR);
      expect(await outcome(access, one.bearer)).toBe('accepted');
      await pass(22 * HOUR);
      expect(await outcome(access, one.bearer)).toBe('accepted');
      expect(events.all.filter(({ kind }) => kind === 'failed').length).toBeGreaterThan(100);
      await pass(HOUR + SECOND);
      expect(await outcome(access, one.bearer)).toBe('UPSTREAM_UNAVAILABLE');
    },
  );

  test('are replaced every ten minutes, with no ticket asking', async () => {
    const access = await open([one.jwk, two.jwk]);
    endpoint.keys = [two.jwk];
    await pass(10 * MINUTE, 1);
    expect(endpoint.fetches).toBe(2);
    expect(await outcome(access, two.bearer)).toBe('accepted');
    expect(await outcome(access, one.bearer)).toBe('UNAUTHENTICATED');
  });

  test('outlive a set without a usable key', async () => {
    const access = await open([one.jwk]);
    endpoint.keys = [];
    await pass(10 * MINUTE, 1);
    expect(events.all.at(-1)).toEqual({ kind: 'failed', reason: 'no usable key' });
    expect(await outcome(access, one.bearer)).toBe('accepted');
  });
});

describe('a failed refresh', () => {
  test('is repeated with back-off until it succeeds, with no ticket asking', async () => {
    await open([one.jwk], 'HTTP 500');
    for (const seconds of [1, 2, 4, 8, 16, 30, 30]) {
      const before = endpoint.fetches;
      await pass(seconds * SECOND - 1);
      expect(endpoint.fetches).toBe(before);
      await pass(1, 1);
      expect(endpoint.fetches).toBe(before + 1);
    }
    endpoint.behaviour = 'answers';
    await pass(30 * SECOND, 1);
    expect(events.all.at(-1)).toEqual({ kind: 'fetched' });
  });

  test('before there are keys is a temporary failure, without a wait and without a fetch', async () => {
    const access = await open([one.jwk], 'ECONNREFUSED');
    for (let time = 0; time < 20; time += 1) expect(await outcome(access, one.bearer)).toBe('UPSTREAM_UNAVAILABLE');
    expect(endpoint.fetches).toBe(1);
  });

  test('that hangs from the start delays tickets by a second at most', async () => {
    const access = await open([one.jwk], 'hangs');
    const first = outcome(access, one.bearer);
    await pass(SECOND);
    expect(await first).toBe('UPSTREAM_UNAVAILABLE');
    await pass(4 * SECOND, 1);
    expect(await outcome(access, one.bearer)).toBe('UPSTREAM_UNAVAILABLE');
  });

  test('after the disposal is neither reported nor repeated', async () => {
    endpoint.behaviour = 'hangs';
    const keySet = new KeySet({ fetch: endpoint.fetch, onEvent: events.put });
    keySet[Symbol.dispose]();
    await pass(HOUR);
    expect([events.all, endpoint.fetches, vi.getTimerCount()]).toEqual([[], 1, 0]);
  });
});

describe('a key that was rotated in', () => {
  test.each([
    ['with kid', one, two],
    ['without kid', unnamed, otherUnnamed],
  ])('right after a refresh is asked for at once, %s', async (_name, before, after) => {
    const access = await open([before.jwk]);
    endpoint.keys = [after.jwk];
    expect(await outcome(access, after.bearer)).toBe('accepted');
    expect(endpoint.fetches).toBe(2);
    expect(await outcome(access, before.bearer)).toBe('UNAUTHENTICATED');
  });

  test.each(['HTTP 500', 'ECONNREFUSED'] as const)(
    'is a temporary failure while the endpoint fails: %s',
    async (behaviour) => {
      const access = await open([one.jwk]);
      endpoint.behaviour = behaviour;
      endpoint.keys = [one.jwk, two.jwk];
      for (let time = 0; time < 20; time += 1) expect(await outcome(access, two.bearer)).toBe('UPSTREAM_UNAVAILABLE');
      expect(endpoint.fetches).toBe(2);
      endpoint.behaviour = 'answers';
      await pass(SECOND, 1);
      expect(await outcome(access, two.bearer)).toBe('accepted');
    },
  );

  test('is a temporary failure after 50 ms while the endpoint hangs, and after the fetch has timed out', async () => {
    const access = await open([one.jwk]);
    endpoint.behaviour = 'hangs';
    endpoint.keys = [one.jwk, two.jwk];
    expect(await outcomeSoon(access, two.bearer)).toBe('UPSTREAM_UNAVAILABLE');
    expect(await outcome(access, one.bearer)).toBe('accepted');
    await pass(5 * SECOND);
    expect(events.all.at(-1)).toEqual({ kind: 'failed', reason: 'TIMEOUT' });
    expect(await outcome(access, two.bearer)).toBe('UPSTREAM_UNAVAILABLE');
    endpoint.behaviour = 'answers';
    await pass(SECOND, 1);
    expect(await outcome(access, two.bearer)).toBe('accepted');
  });

  test('costs one fetch for any number of tickets, and another one only after ten seconds', async () => {
    const access = await open([one.jwk]);
    for (let time = 0; time < 20; time += 1) expect(await outcome(access, two.bearer)).toBe('UNAUTHENTICATED');
    expect(endpoint.fetches).toBe(2);
    endpoint.keys = [one.jwk, two.jwk];
    await pass(10 * SECOND);
    expect(await outcome(access, two.bearer)).toBe('accepted');
    expect(endpoint.fetches).toBe(3);
  });

  test('is found in a flood of invented keys, which costs ten fetches a minute', async () => {
    const access = await open([one.jwk]);
    const flood = await Promise.all(Array.from({ length: 30 }, (_, index) => signer(`invented-${index}`)));
    const outcomes: string[] = [];
    for (const { bearer } of flood) {
      await pass(1);
      outcomes.push(await outcome(access, bearer));
    }
    expect(outcomes).toEqual([...Array(5).fill('UNAUTHENTICATED'), ...Array(25).fill('UPSTREAM_UNAVAILABLE')]);
    expect(endpoint.fetches).toBe(6);
    endpoint.keys = [one.jwk, two.jwk];
    expect(await outcome(access, two.bearer)).toBe('UPSTREAM_UNAVAILABLE');
    await pass(6 * SECOND);
    expect(await outcome(access, flood.at(-1)?.bearer ?? '')).toBe('UNAUTHENTICATED');
    expect(await outcome(access, two.bearer)).toBe('accepted');
    expect(endpoint.fetches).toBe(7);
  });
});

describe('several keys', () => {
  test('without kid are tried in turn', async () => {
    const access = await open([unnamed.jwk, otherUnnamed.jwk]);
    for (const { bearer } of [unnamed, otherUnnamed]) expect(await outcome(access, bearer)).toBe('accepted');
    expect(await outcome(access, (await signer()).bearer)).toBe('UNAUTHENTICATED');
  });

  test('of which some cannot be used are tried without these, and each is reported once', async () => {
    const faulty = [shortKey('short'), { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }, 'no key'];
    const access = await open([...faulty, { kty: 'oct', k: 'AAAA' }, rsa.jwk, unnamed.jwk]);
    for (const { bearer } of [rsa, unnamed]) expect(await outcome(access, bearer)).toBe('accepted');
    await pass(10 * MINUTE, 1);
    expect(events.all).toEqual([
      { kind: 'unusable-key', key: { kid: 'short', reason: expect.stringContaining('2048 bits') } },
      { kind: 'unusable-key', key: { kid: null, reason: 'Invalid keyData' } },
      { kind: 'unusable-key', key: { kid: null, reason: 'no object' } },
      { kind: 'fetched' },
      { kind: 'fetched' },
    ]);
  });

  test('of which none can be used are a failed refresh', async () => {
    await open([shortKey()]);
    expect(events.all).toEqual([{ kind: 'failed', reason: 'no usable key' }]);
  });
});

test('the error of a token that is too long names the limit', async () => {
  const access = await open([one.jwk]);
  await expect(access.authenticate(`Bearer ${'x'.repeat(8193)}`)).rejects.toThrow('longer than 8192 characters');
});
