import { type DestinationStream, destination, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** Keys whose values never reach a log line, at the top or up to two levels down. Not to log them is the first defence. */
const SECRET_KEYS = [
  'token',
  'authorization',
  'Authorization',
  'secret',
  'password',
  'cookie',
  'connectionParams',
  'body',
];

/**
 * JSON lines on standard error, written at once, so that the last line before an exit is not lost.
 * `level` is a level of pino or `silent`; `out` takes the lines elsewhere.
 */
export function createLogger(level: string, out: DestinationStream = destination({ dest: 2, sync: true })): Logger {
  const paths = SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);
  const options = { level, base: null, redact: { paths, censor: '***' } };
  return pino(options, out);
}
