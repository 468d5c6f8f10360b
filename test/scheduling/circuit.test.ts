import { describe, expect, test } from 'vitest';
import { TokenRefused, UpstreamBadResponse, UpstreamRateLimited, UpstreamUnavailable } from '../../src/errors.ts';
import { type Circuit, errorForCaller, NEW_CIRCUIT, observe } from '../../src/scheduling/circuit.ts';
import { maxProbeIntervalMs } from '../../src/scheduling/probe-interval.ts';
import {
  ACCEPTED,
  CALLERS,
  DENIED,
  DOWN,
  failedTimes,
  failure,
  POLICY,
  REFUSED_CONNECTION,
  reason,
} from './circuit-observations.ts';

describe('what a failure proves', () => {
  test.each([
    ['no connection', REFUSED_CONNECTION, { isProven: false }],
    ['5xx or silence for proven tasks', DOWN, {}],
    ['HTML for proven tasks', new UpstreamBadResponse('html'), {}],
    ['5xx for unproven tasks while no proven task is polled', DOWN, { isProven: false, provenTasks: 0 }],
  ])('%s: the origin, after ten in a row', (_name, error, rest) => {
    expect(reason(failedTimes(9, error, rest))).toBe('closed');
    expect(reason(failedTimes(10, error, rest))).toBe('origin-failing');
    const interrupted = observe(failedTimes(9, error, rest), { kind: 'answered' }, 0, POLICY);
    expect(reason(failedTimes(9, error, rest, interrupted))).toBe('closed');
  });

  test.each([
    ['5xx for tasks never answered', DOWN, { isProven: false }],
    ['one task alone, never answered', DOWN, { isProven: false, provenTasks: 0, taskId: 'task' }],
    ['403 for tasks never answered, through an accepted token', DENIED, { isProven: false }],
    ['403 for one proven task of many', DENIED, { taskId: 'task' }],
  ])('%s: those tasks only', (_name, error, rest) => {
    expect(reason(failedTimes(1_000, error, rest))).toBe('closed');
  });

  test('403 for three proven tasks in a row: the token', () => {
    expect(reason(failedTimes(2, DENIED))).toBe('closed');
    expect(reason(failedTimes(3, DENIED))).toBe('token-refused');
  });

  test('403 for all proven tasks, if there are fewer than three: the token', () => {
    expect(reason(failedTimes(1, DENIED, { provenTasks: 2 }))).toBe('closed');
    expect(reason(failedTimes(2, DENIED, { provenTasks: 2 }))).toBe('token-refused');
    expect(reason(failedTimes(1, DENIED, { provenTasks: 1 }))).toBe('token-refused');
  });

  test('403 through a token never accepted, and 401 through any: the token', () => {
    expect(reason(failedTimes(1, DENIED, { isProven: false }, NEW_CIRCUIT))).toBe('token-refused');
    expect(reason(failedTimes(1, new TokenRefused('no'), { isProven: false }))).toBe('token-refused');
  });

  test.each([
    new UpstreamRateLimited('slower', { retryAfterMs: 5_000 }),
    new UpstreamUnavailable('busy', { retryAfterMs: 5_000 }),
  ])('Retry-After ($code): a pause', (error) => {
    const { state } = failedTimes(1, error, { isProven: false });
    expect(state).toMatchObject({ kind: 'paused', until: 6_000 });
  });
});

describe('an open circuit', () => {
  const open = failedTimes(10, DOWN);
  const probe = (circuit: Circuit, now: number): Circuit =>
    observe(circuit, failure(DOWN, { isProbe: true }), now, POLICY);

  test('probes one second apart at first, and at most ten', () => {
    const times: number[] = [];
    let circuit = open;
    for (let n = 0; n < 40; n += 1) {
      if (circuit.state.kind !== 'open') throw new Error('closed');
      times.push(circuit.state.nextProbeAt);
      circuit = probe(circuit, circuit.state.nextProbeAt);
    }
    const gaps = times.slice(1).map((at, n) => at - (times[n] ?? 0));
    expect(gaps[0]).toBe(1_000);
    expect(gaps).toEqual(gaps.toSorted((a, b) => a - b));
    expect(gaps.at(-1)).toBe(10_000);
  });

  test.each([
    [100, 1_000],
    [3_000, 1_500],
    [10_000, 5_000],
    [60_000, 10_000],
  ])('polls every %i ms: probes at most %i ms apart', (pollIntervalMs, longest) => {
    const policy = { ...POLICY, maxProbeIntervalMs: maxProbeIntervalMs(pollIntervalMs) };
    let circuit = open;
    for (let now = 2_000; now < 200_000; now += 1_000)
      circuit = observe(circuit, failure(DOWN, { isProbe: true }), now, policy);
    expect(circuit.state).toMatchObject({ nextProbeAt: 199_000 + longest });
  });

  test('is not slowed down by late failures of calls that were no probes', () => {
    expect(failedTimes(60, DOWN, {}, open).state).toEqual(open.state);
  });

  test('delays the next probe when one was skipped, without counting it as failed', () => {
    const { state } = observe(open, { kind: 'probe-skipped' }, 5_000, POLICY);
    expect(state).toMatchObject({ nextProbeAt: 6_000, failedProbes: 0 });
  });

  test('closes with the first answer, also with one that a peer received later', () => {
    expect(reason(observe(open, { kind: 'answered' }, 2_000, POLICY))).toBe('closed');
    expect(reason(observe(open, { kind: 'peer-answered', at: 1_001 }, 2_000, POLICY))).toBe('closed');
    expect(reason(observe(open, { kind: 'peer-answered', at: 1_000 }, 2_000, POLICY))).toBe('origin-failing');
  });
});

describe('a refused token', () => {
  const refused = failedTimes(1, new TokenRefused('no'));

  test('of the gateway is probed every ten seconds', () => {
    expect(refused.state).toMatchObject({ kind: 'open', nextProbeAt: 11_000 });
    const again = observe(refused, failure(new TokenRefused('no'), { isProbe: true }), 11_000, POLICY);
    expect(again.state).toMatchObject({ nextProbeAt: 21_000, confirmedAt: 11_000 });
    expect(reason(observe(refused, { kind: 'hold-ended' }, 11_000, POLICY))).toBe('token-refused');
  });

  test('of a caller holds for a second', () => {
    const caller = observe(ACCEPTED, failure(new TokenRefused('no')), 1_000, CALLERS);
    expect(caller.state).toMatchObject({ kind: 'open', nextProbeAt: 2_000 });
    expect(observe(caller, { kind: 'hold-ended' }, 2_000, CALLERS)).toEqual(NEW_CIRCUIT);
  });

  test('outlasts a pause, and a peer that found it so is probed by the peer first', () => {
    expect(reason(observe(refused, { kind: 'peer-paused', forMs: 60_000 }, 2_000, POLICY))).toBe('token-refused');
    const { state } = observe(ACCEPTED, { kind: 'peer-token-refused', at: 500, probeInMs: 11_500 }, 1_000, POLICY);
    expect(state).toMatchObject({ reason: 'token-refused', nextProbeAt: 12_000 });
  });
});

describe('a pause', () => {
  const paused = failedTimes(1, new UpstreamRateLimited('slower', { retryAfterMs: 5_000 }));

  test('grows, and never shrinks', () => {
    expect(observe(paused, { kind: 'peer-paused', forMs: 1_000 }, 1_000, POLICY)).toBe(paused);
    expect(observe(paused, { kind: 'peer-paused', forMs: 9_000 }, 1_000, POLICY).state).toMatchObject({
      until: 10_000,
    });
  });

  test('ends with all calls, or with a probe when the evidence had opened the circuit', () => {
    expect(reason(observe(paused, { kind: 'hold-ended' }, 6_000, POLICY))).toBe('closed');
    const failing = failedTimes(1, new UpstreamUnavailable('busy', { retryAfterMs: 5_000 }), {}, failedTimes(10, DOWN));
    expect(observe(failing, { kind: 'hold-ended' }, 6_000, POLICY).state).toMatchObject({
      reason: 'origin-failing',
      nextProbeAt: 6_000,
    });
  });

  test('tells a caller how much of it is left', () => {
    if (paused.state.kind === 'closed') throw new Error('closed');
    expect(errorForCaller(paused.state, 4_000).extensions).toEqual({
      code: 'UPSTREAM_RATE_LIMITED',
      retryAfterSeconds: 2,
    });
  });
});

describe('a pause beside a refused token', () => {
  const limited = failure(new UpstreamRateLimited('limited', { retryAfterMs: 60_000 }));
  const refused = failure(new TokenRefused('refused'));

  test.each([
    ['before', [limited, refused]],
    ['after', [refused, limited]],
  ] as const)('that began %s the refusal holds back the probe of the token of the gateway', (_order, observations) => {
    const circuit = observations.reduce((next, each) => observe(next, each, 0, POLICY), ACCEPTED);
    expect(circuit.state).toMatchObject({ kind: 'open', reason: 'token-refused', nextProbeAt: 60_000 });
    expect(observe(circuit, { kind: 'answered' }, 60_000, POLICY).state).toMatchObject({ kind: 'paused' });
  });

  test.each([
    ['before', [limited, refused]],
    ['after', [refused, limited]],
  ] as const)('that began %s the refusal goes on when the refusal of a caller has expired', (_order, observations) => {
    const circuit = observations.reduce((next, each) => observe(next, each, 0, CALLERS), ACCEPTED);
    expect(circuit.state).toMatchObject({ kind: 'open', nextProbeAt: 1_000 });
    const expired = observe(circuit, { kind: 'hold-ended' }, 1_000, CALLERS);
    expect(expired).toMatchObject({ state: { kind: 'paused', until: 60_000 }, isTokenAccepted: false });
    expect(observe(expired, { kind: 'hold-ended' }, 60_000, CALLERS).state.kind).toBe('closed');
  });

  test('is no evidence against the origin', () => {
    const circuit = failedTimes(20, new UpstreamRateLimited('limited', { retryAfterMs: 5_000 }));
    expect(observe(circuit, { kind: 'hold-ended' }, 6_000, POLICY).state.kind).toBe('closed');
  });
});
