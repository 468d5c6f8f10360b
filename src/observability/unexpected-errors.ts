import type { Logger } from './log.ts';
import { type LogSubject, logIds } from './log-ids.ts';
import { LogLimiter } from './log-limiter.ts';

/** @param subject the request or the connection that hit the error, if there is one. */
export type UnexpectedErrorHandler = (error: unknown, subject?: LogSubject) => void;

/** Logs unexpected errors in full, with a bounded number of lines, because a client may repeat a request that causes one. */
export function unexpectedErrorLog(log: Logger): UnexpectedErrorHandler {
  const limiter = new LogLimiter();
  return (error, subject) =>
    limiter.add(placeOf(error), (fields) =>
      log.error({ err: error, ...(subject && logIds(subject)), ...fields }, 'unexpected error'),
    );
}

/** The error's class and the place that threw it, because a message can contain a client's text. */
function placeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return `${error.name} ${/^ +at .*$/m.exec(error.stack ?? '')?.[0] ?? ''}`;
}
