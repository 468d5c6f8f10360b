import { hangupIgnored } from './hangup.ts';

/** The signals that ask the process to end: Ctrl-\ in a terminal is SIGQUIT, and nodemon sends SIGUSR2. */
const SHUTDOWN_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const;

/** The signals of a broken process keep their default, which ends it: a handler would run broken code again and again. */
const FAULT_SIGNALS = ['SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGSEGV'] as const;

/** The signals that close-with-grace leaves alone, because one in the middle of a drain would end the process with 1. */
export const HANDLED_SIGNALS = [...SHUTDOWN_SIGNALS, ...FAULT_SIGNALS];

/**
 * Resolves with the first signal that asks the process to end. Later signals of any kind are ignored: npm
 * and the terminal both send SIGINT at Ctrl-C. SIGHUP is ignored where the parent ignored it, as `nohup` does.
 *
 * Call it before any other module is loaded: a signal without a handler kills the process, or is lost if the process is
 * PID 1.
 *
 * @param launcher the environment variable `_`, where a shell has left the path of the program it started
 */
export function shutdownSignal(launcher: string | undefined): Promise<NodeJS.Signals> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  // The handlers come first: the look at the parents takes longer.
  let ignoresHangup = false;
  for (const signal of SHUTDOWN_SIGNALS) {
    process.on(signal, () => {
      if (signal !== 'SIGHUP' || !ignoresHangup) resolve(signal);
    });
  }
  ignoresHangup = hangupIgnored(launcher);
  return promise;
}
