import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  TokenRefused,
  UpstreamBadResponse,
  type UpstreamError,
  UpstreamRateLimited,
  UpstreamUnavailable,
} from '../../src/errors.ts';
import { type Circuit, observe } from '../../src/scheduling/circuit.ts';
import { ACCEPTED, DENIED, DOWN, failure, POLICY, REFUSED_CONNECTION } from './circuit-observations.ts';

describe('a probe that fails', () => {
  const error = fc.constantFrom<UpstreamError>(
    DOWN,
    REFUSED_CONNECTION,
    DENIED,
    new TokenRefused('refused'),
    new UpstreamBadResponse('html'),
    new UpstreamRateLimited('limited', { retryAfterMs: 4_000 }),
    new UpstreamUnavailable('busy', { retryAfterMs: 1_000 }),
  );
  const step = fc.record({ error, isProven: fc.boolean(), provenTasks: fc.nat(5), waitMs: fc.nat(20_000) });

  test('is followed by a pause, for every answer of A2E', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        let circuit: Circuit = ACCEPTED;
        let now = 1_000;
        for (const { waitMs, ...rest } of steps) {
          now += waitMs;
          circuit = observe(circuit, { kind: 'hold-ended' }, now, POLICY);
          const { state } = circuit;
          const isProbe = state.kind === 'open' && now >= state.nextProbeAt;
          circuit = observe(circuit, failure(rest.error, { ...rest, isProbe, taskId: `task-${now}` }), now, POLICY);
          if (!isProbe) continue;
          expect(circuit.state.kind).not.toBe('closed');
          const { state: after } = circuit;
          const admitsAt = after.kind === 'open' ? after.nextProbeAt : after.kind === 'paused' ? after.until : now;
          expect(admitsAt).toBeGreaterThanOrEqual(now + 800);
        }
      }),
    );
  });

  test('for a rate limit, with a refused token, waits for the pause and for the next probe', () => {
    const refused = observe(ACCEPTED, failure(new TokenRefused('refused')), 0, POLICY);
    const limited = (retryAfterMs: number) =>
      observe(refused, failure(new UpstreamRateLimited('', { retryAfterMs }), { isProbe: true }), 10_000, POLICY).state;
    expect(limited(4_000)).toMatchObject({ reason: 'token-refused', nextProbeAt: 20_000 });
    expect(limited(60_000)).toMatchObject({ reason: 'token-refused', nextProbeAt: 70_000 });
  });
});
