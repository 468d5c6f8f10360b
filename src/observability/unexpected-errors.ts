import type { Logger } from './log.ts';
import { LogLimiter } from './log-limiter.ts';

/** Logs unexpected errors in full, with a bounded number of lines, because a client may repeat a request that causes one. */
export function unexpectedErrorLog(log: Logger): (error: unknown) => void {
  const limiter = new LogLimiter();
  return (error) => limiter.add(placeOf(error), (fields) => log.error({ err: error, ...fields }, 'unexpected error'));
}

/** The error's class and the place that threw it, because a message can contain a client's text. */
function placeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return `${error.name} ${/^ +at .*$/m.exec(error.stack ?? '')?.[0] ?? ''}`;
}
