import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PubSubLivenessProbe } from '../../../src/cluster/redis/pub-sub-liveness-probe.ts';
import type { RedisSession } from '../../../src/cluster/redis/redis-session.ts';

const QUIET_MS = 15_000;
const CHANNEL = 'gateways';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A probe on a session whose commands a test counts; `echoes`: the subscriptions deliver. */
function createProbe(publishCommand: 'PUBLISH' | 'SPUBLISH', echoes = true) {
  const ended = new AbortController();
  const sent = { publications: 0, pings: 0 };
  const session = {
    publishCommand,
    ended: ended.signal,
    async publish(channel: string) {
      sent.publications += 1;
      if (echoes) probe.onMessage(channel);
    },
    // As in a session: what does not come in time ends it.
    expect: (promise: Promise<unknown>) =>
      Promise.race([promise, new Promise((_, reject) => setTimeout(reject, 500))]).catch(() => ended.abort()),
    async pingSubscribers() {
      sent.pings += 1;
    },
  };
  const probe = new PubSubLivenessProbe(session as unknown as RedisSession, CHANNEL);
  return { probe, sent, ended: ended.signal };
}

/** Messages of other channels each second. */
async function receiveFor(ms: number, probe: PubSubLivenessProbe): Promise<void> {
  for (let at = 0; at < ms; at += 1_000) {
    probe.onMessage('updates');
    await vi.advanceTimersByTimeAsync(1_000);
  }
}

test('subscriptions that deliver cost no command on one server', async () => {
  const { probe, sent } = createProbe('PUBLISH');
  await receiveFor(4 * QUIET_MS, probe);
  expect(sent).toEqual({ publications: 0, pings: 0 });
});

test('in a Redis Cluster each connection is tried every 15 s, even while another one delivers', async () => {
  const { probe, sent } = createProbe('SPUBLISH');
  await receiveFor(4 * QUIET_MS, probe);
  expect(sent).toEqual({ publications: 0, pings: 3 });
});

test('silent subscriptions are tried after 15 s, and again 15 s after the echo', async () => {
  const { sent, ended } = createProbe('PUBLISH');
  await vi.advanceTimersByTimeAsync(QUIET_MS);
  expect(sent.publications).toBe(0);
  await vi.advanceTimersByTimeAsync(2 * QUIET_MS);
  expect([sent.publications, ended.aborted]).toEqual([2, false]);
});

test('a message that is due and does not come is a reason to look after a second, and silence ends the session', async () => {
  const { probe, sent, ended } = createProbe('PUBLISH', false);
  probe.expectMessage();
  await vi.advanceTimersByTimeAsync(1_000);
  expect([sent.publications, ended.aborted]).toEqual([0, false]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect([sent.publications, ended.aborted]).toEqual([1, true]);
  expect(vi.getTimerCount()).toBe(0);
});
