import { createHash, createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { upstreamPrefix } from '../../../src/cluster/redis/upstream-prefix.ts';

const ORIGIN = 'https://video.a2e.ai';
const DEPLOYMENT = { prefix: 'gateways', url: 'redis://:secret@localhost', origin: ORIGIN, token: 'token' };

test('gateways with one prefix, token and upstream share a prefix; another upstream has another', () => {
  const production = upstreamPrefix(DEPLOYMENT);
  expect(production).toMatch(/^gateways:[\w-]{16}$/);
  expect(upstreamPrefix({ ...DEPLOYMENT, url: 'redis://other:6380' })).toBe(production);
  expect(upstreamPrefix({ ...DEPLOYMENT, origin: 'https://staging.a2e.ai' })).not.toBe(production);
});

test('each source has a prefix of its own, whatever A2E_API_URL is', () => {
  const [a, b] = ['a', 'b'].map((sourceName) => upstreamPrefix({ ...DEPLOYMENT, sourceName }));
  expect(new Set([a, b, upstreamPrefix(DEPLOYMENT)]).size).toBe(3);
  expect(upstreamPrefix({ ...DEPLOYMENT, sourceName: 'a', origin: 'https://other.example' })).toBe(a);
});

test('the prefix of A2E stays, so that an upgrade shares the states', () => {
  expect(upstreamPrefix(DEPLOYMENT)).toBe('gateways:xtvn_3L-Nj35n-5w');
});

test('without a token of the gateway the password of Redis is the secret', () => {
  const passthrough = { ...DEPLOYMENT, token: null };
  expect(upstreamPrefix(passthrough)).not.toBe(upstreamPrefix({ ...passthrough, url: 'redis://:other@localhost' }));
  expect(upstreamPrefix(passthrough)).not.toBe(upstreamPrefix({ ...passthrough, origin: 'https://staging.a2e.ai' }));
});

test('without any secret the prefix tells upstreams apart, as on a Redis that is open to all', () => {
  const open = { ...DEPLOYMENT, token: null, url: 'redis://localhost' };
  expect(upstreamPrefix({ ...open, url: 'redis://other' })).toBe(upstreamPrefix(open));
  expect(upstreamPrefix(open)).not.toBe(upstreamPrefix({ ...open, origin: 'https://staging.a2e.ai' }));
});

test('a reader of the keys cannot confirm a guess of the origin', () => {
  const text = `video-task-gateway upstream ${ORIGIN}`;
  for (const token of ['token', null]) {
    const shown = upstreamPrefix({ ...DEPLOYMENT, token }).split(':')[1];
    const guesses = [createHash('sha256').update(ORIGIN), createHmac('sha256', '').update(text)];
    for (const guess of guesses) expect(guess.digest('base64url').slice(0, 16)).not.toBe(shown);
  }
});
