import { hangupIgnored } from './hangup.ts';

/** The signals that ask the process to end. */
export const SHUTDOWN_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

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
  const ignoresHangup = hangupIgnored(launcher);
  for (const signal of SHUTDOWN_SIGNALS) {
    const ignored = signal === 'SIGHUP' && ignoresHangup;
    process.on(signal, ignored ? () => {} : resolve);
  }
  return promise;
}
