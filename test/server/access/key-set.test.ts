import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { JwtAuthenticator } from '../../../src/server/access/jwt-authenticator.ts';
import { KeySet, type KeySetEvent } from '../../../src/server/access/key-set.ts';
import { StallDetector } from '../../support/stall-detector.ts';

const MINUTE = 60_000;

interface Signer {
  readonly jwk: JWK;
  readonly privateKey: CryptoKey;
}

async function signer(kid?: string): Promise<Signer> {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  return { jwk: { ...(await exportJWK(publicKey)), alg: 'ES256', ...(kid !== undefined && { kid }) }, privateKey };
}

async function bearer({ jwk, privateKey }: Signer): Promise<string> {
  const header = { alg: 'ES256', ...(jwk.kid !== undefined && { kid: jwk.kid }) };
  return `Bearer ${await new SignJWT({ tasks: '*' }).setProtectedHeader(header).sign(privateKey)}`;
}

/** How the endpoint of the key set behaves. */
type Behaviour = 'good' | 'hangs' | '500' | 'no key set';
let behaviour: Behaviour;
let keys: readonly Signer[];
let fetches: number;
let server: Server;
let url: string;

beforeEach(async () => {
  behaviour = 'good';
  fetches = 0;
  server = createServer((_request, response) => {
    fetches += 1;
    if (behaviour === 'hangs') return;
    response.statusCode = behaviour === '500' ? 500 : 200;
    response.end(JSON.stringify(behaviour === 'no key set' ? { error: 'x' } : { keys: keys.map(({ jwk }) => jwk) }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
});
afterEach(async () => {
  server.closeAllConnections();
  if (server.listening) await once(server.close(), 'close');
});

function open(): { readonly access: JwtAuthenticator; readonly events: KeySetEvent[] } {
  const events: KeySetEvent[] = [];
  const keySet = new KeySet({ url, onEvent: (event) => events.push(event) });
  const access = new JwtAuthenticator({ gatewayToken: 'g', secrets: [], keySet, issuer: null, audience: null });
  return { access, events };
}

const SIGNED = new TextEncoder().encode('signed');
const { privateKey: referenceKey } = await generateKeyPair('ES256');

/** Signs as long as a check verifies, on the same threads of Node: all that a busy machine adds to a check. */
function reference(): Promise<unknown> {
  return crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, referenceKey, SIGNED);
}

/** The slowest of ten checks after another, in ms without what a busy machine adds. */
async function slowest(check: () => Promise<unknown>): Promise<number> {
  using stalls = new StallDetector();
  let slowestMs = 0;
  for (let time = 0; time < 10; time += 1) {
    const [ms, referenceMs] = await Promise.all([stalls.measure(check), stalls.measure(reference)]);
    slowestMs = Math.max(slowestMs, ms - referenceMs);
  }
  return slowestMs;
}

describe('once keys are held, no request waits 100 ms', () => {
  test.each(['hangs', '500', 'no key set', 'refuses connections'] as const)('while the endpoint %s', async (how) => {
    keys = [await signer('one')];
    const known = await bearer(keys[0] as Signer);
    const unknown = await bearer(await signer('unknown'));
    const { access } = open();
    await access.authenticate(known);
    if (how === 'refuses connections') {
      server.closeAllConnections();
      await once(server.close(), 'close');
    } else behaviour = how;
    for (const minutes of [11, 11, 11]) {
      vi.advanceTimersByTime(minutes * MINUTE);
      expect(await slowest(() => access.authenticate(known))).toBeLessThan(100);
      expect(await slowest(() => access.authenticate(unknown).catch(() => undefined))).toBeLessThan(100);
    }
    // The first fetch, and one at a time since, with a pause after each that failed.
    expect(fetches).toBeLessThanOrEqual(4);
  });

  test('while keys rotate, with and without kid', async () => {
    for (const names of [
      ['old', 'new'],
      [undefined, undefined],
    ] as const) {
      const [before, after] = [await signer(names[0]), await signer(names[1])];
      keys = [before];
      const { access } = open();
      await access.authenticate(await bearer(before));
      keys = [after];
      vi.advanceTimersByTime(MINUTE);
      const token = await bearer(after);
      expect(await slowest(() => access.authenticate(token))).toBeLessThan(100);
      await expect(access.authenticate(await bearer(before))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    }
  });
});

test('each of two keys signs tokens without kid', async () => {
  keys = [await signer(), await signer()];
  const { access } = open();
  for (const key of keys) expect((await access.authenticate(await bearer(key))).canAccess('any')).toBe(true);
  const forged = await bearer(await signer());
  await expect(access.authenticate(forged)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
});

test('many bad tokens cost one refresh in half a minute', async () => {
  keys = [await signer('one')];
  const { access } = open();
  await access.authenticate(await bearer(keys[0] as Signer));
  vi.advanceTimersByTime(MINUTE);
  const bad = await Promise.all(Array.from({ length: 50 }, async (_, index) => bearer(await signer(`bad-${index}`))));
  await Promise.allSettled(bad.map((token) => access.authenticate(token)));
  for (const token of bad) await expect(access.authenticate(token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  expect(fetches).toBe(2);
});

test('a failure is reported with its reason, and so is the recovery', async () => {
  keys = [await signer('one')];
  behaviour = '500';
  const { access, events } = open();
  const token = await bearer(keys[0] as Signer);
  await expect(access.authenticate(token)).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
  behaviour = 'good';
  vi.advanceTimersByTime(1_000);
  await access.authenticate(token);
  expect(events).toEqual([{ kind: 'failed', reason: 'HTTP 500' }, { kind: 'fetched' }]);
});

test('the error of a token that is too long names the limit', async () => {
  keys = [await signer('one')];
  const { access } = open();
  await expect(access.authenticate(`Bearer ${'x'.repeat(8193)}`)).rejects.toThrow('longer than 8192 characters');
});
