import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/**
 * Keys with values that never reach a log line, at the top or up to two levels down. The first defence is not to log
 * them.
 */
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
 * JSON lines on `out`: standard error in a process of its own (`LogOutput`).
 * `level` is a level of pino or `silent`.
 */
export function createLogger(level: string, out: DestinationStream): Logger {
  const paths = SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);
  const options = { level, base: null, redact: { paths, censor: '***' } };
  return pino(options, out);
}
