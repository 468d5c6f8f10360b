import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AccessDenied, TlsFailure, TokenRefused, type UpstreamError, UpstreamUnavailable } from '../../src/errors.ts';
import { createLogger } from '../../src/observability/log.ts';
import { OutageLog } from '../../src/observability/outage-log.ts';
import { UpstreamHealth } from '../../src/observability/upstream-health.ts';
import type { CallOutcome } from '../../src/scheduling/job.ts';
import { PolledTasks } from '../../src/scheduling/polled-tasks.ts';
import type { PolledCall } from '../../src/scheduling/scheduler-options.ts';
import { ContractViolation } from '../../src/upstream/contract-violation.ts';

const INTERVAL_MS = 1_000;
const DOWN = new UpstreamUnavailable('down', { reason: 'HTTP 503' });
const TIMEOUT = new UpstreamUnavailable('late', { reason: 'TIMEOUT' });
const REFUSED = new UpstreamUnavailable('no connection', { unreachable: true, reason: 'ECONNREFUSED' });

let lines: Record<string, unknown>[];
let polled: PolledTasks;
let health: UpstreamHealth;

beforeEach(() => {
  vi.useFakeTimers();
  lines = [];
  const log = createLogger('info', { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
  const outage = new OutageLog({ log, name: 'A2E', awayAfterMs: INTERVAL_MS, failureCountsForMs: 90_000 });
  polled = new PolledTasks();
  health = new UpstreamHealth({ outage, polled, silentAfterMs: INTERVAL_MS });
});
afterEach(() => void vi.useRealTimers());

/** A call for a trusted task, for one whose last poll failed, or for one that A2E never answered. */
function call(id: string, kind: 'trusted' | 'failing' | 'unproven'): PolledCall {
  return { job: { id }, isProven: kind !== 'unproven', isTrusted: kind === 'trusted' };
}

/** A call under way; the returned function ends it. */
function start(started: PolledCall): (outcome: CallOutcome) => void {
  const at = performance.now();
  health.started(started, at);
  return (outcome) => health.ended(started, outcome, performance.now() - at);
}

const answer = (started: PolledCall) => start(started)({ kind: 'answered' });
const fail = (started: PolledCall, error: UpstreamError = DOWN) => start(started)({ kind: 'failed', error });
const pass = (ms: number) => vi.advanceTimersByTime(ms);
const messages = () => lines.map(({ msg }) => msg);

describe('while A2E answers for other tasks', () => {
  beforeEach(() => {
    polled.add(call('good', 'trusted'));
    answer(call('good', 'trusted'));
  });

  test('no number of ids that it never answered is an outage, though the other tasks are polled rarely', () => {
    for (let n = 0; n < 100; n += 1) {
      fail(call(`bad-${n}`, 'unproven'), n % 2 ? DOWN : TIMEOUT);
      fail(call('bad', 'unproven'), new ContractViolation('html', 'HTML'));
      pass(200);
    }
    expect(lines).toEqual([]);
    expect(health.away).toBe(false);
  });

  test('neither is the silence of such ids', () => {
    for (let n = 0; n < 5; n += 1) start(call(`bad-${n}`, 'unproven'));
    pass(60_000);
    expect(lines).toEqual([]);
    expect(health.away).toBe(false);
  });

  test('a task that begins to fail is two lines, and no more while it fails', () => {
    fail(call('bad', 'trusted'));
    answer(call('good', 'trusted'));
    for (let n = 0; n < 10; n += 1) {
      pass(30_000);
      fail(call('bad', 'failing'));
    }
    expect(messages()).toEqual(['A2E fails', 'A2E answers again']);
    expect(health.away).toBe(false);
  });

  test('a call without a connection is evidence, whatever its task', () => {
    fail(call('new', 'unproven'), REFUSED);
    fail(call('new', 'unproven'), new TlsFailure('TLS', { unreachable: true, reason: 'CERT_HAS_EXPIRED' }));
    expect(lines).toMatchObject([{ msg: 'A2E fails', reason: 'ECONNREFUSED', level: 40 }]);
    pass(INTERVAL_MS);
    expect(health.away).toBe(true);
  });

  test('a denied task and a refused token are no outage', () => {
    fail(call('good', 'trusted'), new AccessDenied('denied'));
    fail(call('good', 'trusted'), new TokenRefused('refused'));
    pass(INTERVAL_MS);
    expect([lines, health.away]).toEqual([[], false]);
  });
});

describe('while no task that A2E has answered is polled', () => {
  beforeEach(() => answer(call('gone', 'trusted')));

  test('failures of three tasks in a row are an outage, those of one are not', () => {
    for (let n = 0; n < 5; n += 1) fail(call('bad', 'unproven'));
    fail(call('bad-2', 'unproven'));
    answer(call('other', 'unproven'));
    fail(call('bad', 'unproven'));
    fail(call('bad-2', 'unproven'));
    expect(lines).toEqual([]);
    fail(call('bad-3', 'unproven'));
    expect(messages()).toEqual(['A2E fails']);
  });

  test('so is the silence of three', () => {
    start(call('a', 'unproven'));
    start(call('b', 'unproven'));
    pass(5_000);
    expect(health.away).toBe(false);
    start(call('c', 'unproven'));
    pass(INTERVAL_MS - 1);
    expect(health.away).toBe(false);
    pass(1);
    expect(health.away).toBe(true);
    expect(lines).toMatchObject([{ msg: 'A2E fails', reason: 'SILENCE' }]);
  });
});

test('one watched task that fails on is an outage until it is answered', () => {
  answer(call('only', 'unproven'));
  fail(call('only', 'trusted'));
  for (let n = 0; n < 20; n += 1) {
    pass(10_000);
    expect(health.away).toBe(true);
    fail(call('only', 'failing'));
  }
  answer(call('only', 'failing'));
  expect(health.away).toBe(false);
  expect(new Set(messages())).toEqual(new Set(['A2E fails', 'A2E still fails', 'A2E answers again']));
});

test('the first failed call of a gateway is a line, and an interval later A2E is away', () => {
  fail(call('a', 'unproven'));
  expect(lines).toMatchObject([{ msg: 'A2E fails', reason: 'HTTP 503' }]);
  pass(INTERVAL_MS);
  expect(health.away).toBe(true);
});

test('an A2E that is silent from the start is away after an interval, with a line, before the call times out', () => {
  const end = start(call('a', 'unproven'));
  pass(INTERVAL_MS - 1);
  expect([lines, health.away]).toEqual([[], false]);
  pass(1);
  expect(lines).toMatchObject([{ msg: 'A2E fails', reason: 'SILENCE' }]);
  expect(health.away).toBe(true);
  pass(9_000);
  end({ kind: 'failed', error: TIMEOUT });
  expect(health.away).toBe(true);
  answer(call('a', 'unproven'));
  expect(lines).toMatchObject([{}, { msg: 'A2E answers again', failures: { TIMEOUT: 1 }, failedForMs: 10_000 }]);
});

test('one silence is one failure, and each further one is counted', () => {
  answer(call('a', 'unproven'));
  polled.add(call('a', 'trusted'));
  for (let n = 0; n < 3; n += 1) {
    const end = start(call('a', 'trusted'));
    pass(11_000);
    end({ kind: 'skipped' });
  }
  start(call('a', 'trusted'))({ kind: 'failed', error: TIMEOUT });
  expect(lines).toMatchObject([
    { msg: 'A2E fails', failures: { SILENCE: 1 } },
    { msg: 'A2E still fails', failures: { SILENCE: 2, TIMEOUT: 1 } },
  ]);
});

describe('silence for trusted tasks', () => {
  beforeEach(() => {
    polled.add(call('a', 'trusted'));
    answer(call('a', 'trusted'));
  });

  test('each answer ends it, and the next one begins with it', () => {
    start(call('a', 'trusted'));
    const end = start(call('b', 'trusted'));
    pass(900);
    health.responded();
    pass(900);
    expect(health.away).toBe(false);
    end({ kind: 'answered' });
    pass(900);
    expect(health.away).toBe(false);
  });

  test('an A2E that takes longer than an interval for each answer is slow, not silent', () => {
    const end = start(call('a', 'trusted'));
    pass(INTERVAL_MS - 1);
    health.responded();
    pass(INTERVAL_MS - 1);
    health.responded();
    pass(INTERVAL_MS - 1);
    end({ kind: 'answered' });
    start(call('a', 'trusted'));
    pass(6_000 - 6);
    expect([health.away, lines]).toEqual([false, []]);
    pass(1_000);
    expect(health.away).toBe(true);
  });

  test('without calls there is none', () => {
    start(call('a', 'trusted'))({ kind: 'skipped' });
    pass(60_000);
    expect([health.away, lines]).toEqual([false, []]);
  });
});

test('the answer of a peer ends an outage two intervals after the last failed call', () => {
  fail(call('a', 'unproven'));
  pass(2 * INTERVAL_MS - 1);
  health.peerAnswered(performance.now());
  expect(health.away).toBe(true);
  pass(1);
  health.peerAnswered(performance.now());
  expect(health.away).toBe(false);
  expect(messages()).toEqual(['A2E fails', 'A2E answers again']);
});

test('a gateway whose own calls fail or hang stays away while its peers are answered', () => {
  fail(call('a', 'trusted'));
  for (let time = 0; time < 20; time += 1) {
    pass(INTERVAL_MS);
    health.peerAnswered(performance.now());
    expect(health.away).toBe(true);
    fail(call('a', 'trusted'));
  }
  expect(messages()).not.toContain('A2E answers again');
});

test('the answer that a peer had before the gateway started proves nothing', () => {
  health.peerAnswered(performance.now() - 1);
  fail(call('a', 'unproven'));
  expect(messages()).toEqual(['A2E fails']);
});

test('calls that the gateway cuts when it ends are no failures', () => {
  const end = start(call('a', 'unproven'));
  health[Symbol.dispose]();
  end({ kind: 'failed', error: new UpstreamUnavailable('cut', { reason: 'UND_ERR_DESTROYED' }) });
  start(call('a', 'unproven'));
  pass(60_000);
  expect(lines).toEqual([]);
});
