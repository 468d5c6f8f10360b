import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createRefusals } from '../../../src/server/limits/refusals.ts';
import { WebhookRateLimiter } from '../../../src/server/limits/webhook-rate-limiter.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setUp() {
  const refusals = createRefusals();
  let address = '';
  const limiter = new WebhookRateLimiter({ clientIp: () => address, refusals });
  const request = new IncomingMessage(new Socket());
  /** How many of so many calls of an address are admitted. */
  const admitted = (from: string, calls: number, token: 'right' | 'wrong' = 'right'): number => {
    address = from;
    let count = 0;
    for (let call = 0; call < calls; call += 1) if (limiter.admits(request, token)) count += 1;
    return count;
  };
  return { admitted, refusals };
}

test('an address has 50 calls per second, all addresses together 100, whatever the wall clock does', () => {
  const { admitted, refusals } = setUp();
  expect(admitted('one', 80)).toBe(50);
  expect(admitted('two', 40)).toBe(40);
  expect(admitted('three', 40)).toBe(10);
  expect(refusals.counts).toMatchObject({ rate_limited: 60, unauthenticated: 0 });
  vi.setSystemTime(Date.now() + 3_600_000);
  expect(admitted('one', 1)).toBe(0);
  vi.advanceTimersByTime(1_000);
  expect(admitted('one', 80)).toBe(50);
});

test('wrong tokens are counted and bounded, and take no part of the calls with the right one', () => {
  const { admitted, refusals } = setUp();
  expect(admitted('one', 200, 'wrong')).toBe(10);
  expect(refusals.counts).toMatchObject({ rate_limited: 190, unauthenticated: 10 });
  expect(admitted('one', 50)).toBe(50);
});
