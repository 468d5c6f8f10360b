import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CircuitLog } from '../../src/observability/circuit-log.ts';
import { createLogger } from '../../src/observability/log.ts';
import { LogLimiter } from '../../src/observability/log-limiter.ts';
import { unexpectedErrorLog } from '../../src/observability/unexpected-errors.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A log, and its lines without the time. */
function captured() {
  const lines: Record<string, unknown>[] = [];
  const log = createLogger('info', { write: (line) => void lines.push(JSON.parse(line)) });
  return { log, lines };
}

describe('LogLimiter', () => {
  const setUp = () => {
    const limiter = new LogLimiter();
    const lines: string[] = [];
    const add = (cause: string) =>
      limiter.add(cause, ({ repeated = 0 }) => lines.push(repeated > 0 ? `${cause} +${repeated}` : cause));
    return { add, lines };
  };

  test('the first event of a cause is a line, and after a minute one with the count', () => {
    const { add, lines } = setUp();
    for (let n = 0; n < 5; n += 1) add('a');
    vi.advanceTimersByTime(59_999);
    add('a');
    expect(lines).toEqual(['a']);
    vi.advanceTimersByTime(1);
    add('a');
    add('b');
    expect(lines).toEqual(['a', 'a +5', 'b']);
  });

  test('causes without end make eleven lines a minute', () => {
    const { add, lines } = setUp();
    for (let minute = 0; minute < 10; minute += 1) {
      for (let n = 0; n < 1_000; n += 1) add(`${minute}-${n}`);
      expect(lines.length).toBeLessThanOrEqual(11 * (minute + 1));
      vi.advanceTimersByTime(60_000);
    }
    expect(lines.slice(0, 11)).toEqual([...Array.from({ length: 10 }, (_, n) => `0-${n}`), '0-10']);
    expect(lines.at(-1)).toBe('9-10 +989');
  });
});

test('an unexpected error is a line per place that throws it, whatever its message', () => {
  const { log, lines } = captured();
  const report = unexpectedErrorLog(log);
  for (let n = 0; n < 100; n += 1) report(new TypeError(`text of client ${n}`));
  report(new RangeError('another place'));
  report('no error at all');
  expect(lines.map(({ msg }) => msg)).toEqual(Array(3).fill('unexpected error'));
  expect(lines[0]).toMatchObject({ level: 50, err: { type: 'TypeError', message: 'text of client 0' } });
});

test('an unexpected error without a place is a line per class, whatever its message', () => {
  const { log, lines } = captured();
  const report = unexpectedErrorLog(log);
  for (let n = 0; n < 100; n += 1) {
    const error = new TypeError(`text of client ${n}`);
    // An error as it is with `Error.stackTraceLimit = 0`, or from a realm without stacks.
    if (n % 2 === 0) error.stack = String(error);
    else delete error.stack;
    report(error);
  }
  const error = new RangeError('of another class');
  delete error.stack;
  report(error);
  expect(lines.map(({ err }) => err)).toMatchObject([{ message: 'text of client 0' }, { message: 'of another class' }]);
});

test('a circuit that opens again and again is two lines a minute; a refused token is always one', () => {
  const { log, lines } = captured();
  const circuit = new CircuitLog(log);
  const take = () => lines.splice(0).map(({ msg, repeated }) => [msg, repeated]);
  for (let n = 0; n < 20; n += 1) {
    circuit.opened();
    circuit.closed();
    circuit.paused(1_000);
    vi.advanceTimersByTime(1_000);
  }
  expect(take()).toEqual([
    ['circuit opened', undefined],
    ['circuit closed', undefined],
    ['A2E limits the rate: polling pauses', undefined],
  ]);
  circuit.tokenRefused('401');
  circuit.closed();
  expect(take()).toHaveLength(2);
  vi.advanceTimersByTime(60_000);
  circuit.opened();
  expect(take()).toEqual([['circuit opened', 19]]);
});
