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
