import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CircuitLog } from '../../src/observability/circuit-log.ts';
import { createLogger } from '../../src/observability/log.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function startLog() {
  const lines: string[] = [];
  const log = createLogger('info', { write: (line) => void lines.push((JSON.parse(line) as { msg: string }).msg) });
  return { lines, circuit: new CircuitLog(log) };
}

test('a circuit that opens again and stays open has a line within a minute', () => {
  const { lines, circuit } = startLog();
  circuit.opened();
  circuit.closed();
  vi.advanceTimersByTime(1_000);
  circuit.opened();
  expect(lines).toEqual(['circuit opened', 'circuit closed']);
  vi.advanceTimersByTime(60_000);
  circuit.closed();
  expect(lines).toEqual(['circuit opened', 'circuit closed', 'circuit opened', 'circuit closed']);
});

test('a circuit that opens and closes a hundred times in a minute has two lines', () => {
  const { lines, circuit } = startLog();
  for (let time = 0; time < 100; time += 1) {
    circuit.opened();
    vi.advanceTimersByTime(300);
    circuit.closed();
    vi.advanceTimersByTime(300);
  }
  expect(lines).toEqual(['circuit opened', 'circuit closed']);
});

test('a refused token is a line with its cause at once, a summary every 30 s, and a line at its end', () => {
  const lines: Record<string, unknown>[] = [];
  const log = createLogger('info', { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
  const circuit = new CircuitLog(log);
  for (let probe = 0; probe < 7; probe += 1) {
    circuit.tokenRefused('401');
    vi.advanceTimersByTime(10_000);
  }
  circuit.closed();
  circuit.tokenRefused('403');
  const refuses = "A2E refuses the gateway's own token: polling pauses until it is accepted again";
  const stillRefuses = "A2E still refuses the gateway's own token";
  expect(lines).toMatchObject([
    { level: 50, reason: '401', refusals: 1, msg: refuses },
    { level: 50, reason: '401', refusals: 3, msg: stillRefuses },
    { level: 50, reason: '401', refusals: 3, msg: stillRefuses },
    { level: 40, msg: 'circuit closed' },
  ]);
  vi.advanceTimersByTime(30_000);
  circuit.tokenRefused('403');
  expect(lines.at(-1)).toMatchObject({ reason: '403', refusals: 2, msg: refuses });
});
