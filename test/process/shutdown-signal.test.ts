import { once } from 'node:events';
import { constants } from 'node:os';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HANDLED_SIGNALS, shutdownSignal } from '../../src/process/shutdown-signal.ts';

/** The signals that Node can send and a process can handle, without the ones of a fault. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const;
type Handler = NodeJS.SignalsListener;

let before: Map<NodeJS.Signals, readonly Handler[]>;
beforeEach(() => {
  before = new Map(SIGNALS.map((signal) => [signal, process.listeners(signal) as Handler[]]));
});
afterEach(() => {
  for (const [signal, handlers] of before)
    for (const handler of process.listeners(signal) as Handler[])
      if (!handlers.includes(handler)) process.off(signal, handler);
});

/** Sends this process a signal; resolves once its handlers have run. */
async function send(signal: NodeJS.Signals): Promise<void> {
  const received = once(process, signal);
  process.kill(process.pid, signal);
  await received;
}

test.each(SIGNALS)('%s asks the process to end', async (signal) => {
  const asked = shutdownSignal('/usr/bin/bash');
  await send(signal);
  expect(await asked).toBe(signal);
});

test('later signals of any kind neither end the process nor replace the first', async () => {
  const asked = shutdownSignal('/usr/bin/bash');
  const handlers = () => SIGNALS.map((signal) => process.listenerCount(signal));
  const atFirst = handlers();
  for (const signal of ['SIGQUIT', 'SIGQUIT', 'SIGINT', 'SIGTERM', 'SIGHUP'] as const) await send(signal);
  expect(await asked).toBe('SIGQUIT');
  // A signal without a handler ends the process.
  expect(handlers()).toEqual(atFirst);
});

test('under nohup SIGHUP is ignored, and any other signal asks the process to end', async () => {
  const asked = shutdownSignal('/usr/bin/nohup');
  await send('SIGHUP');
  await send('SIGHUP');
  await send('SIGTERM');
  expect(await asked).toBe('SIGTERM');
});

test('a fault keeps its default, which ends the process, and each signal that is left alone has a number', () => {
  void shutdownSignal('/usr/bin/bash');
  const faults = HANDLED_SIGNALS.slice(SIGNALS.length);
  expect(faults.map((signal) => process.listenerCount(signal))).toEqual(faults.map(() => 0));
  expect(HANDLED_SIGNALS.filter((signal) => constants.signals[signal] === undefined)).toEqual([]);
});
