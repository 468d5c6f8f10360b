import { RedisTimeout } from './with-timeout.ts';

/** The first word of an error reply is its code: https://redis.io/docs/latest/develop/reference/protocol-spec/ */
const REPLY_CODE = /^[A-Z][A-Z_]{2,30}(?= |$)/;

/** A stored key has another type than the command expects. That costs the key, and not the connection. */
export function isWrongType(error: unknown): boolean {
  // Redis 6 wraps the error of a command inside a script.
  return error instanceof Error && error.message.includes('WRONGTYPE');
}

/**
 * The reason of a failure as a short code for a log line: an error code of Node (`ECONNREFUSED`), the code of an error
 * reply (`NOAUTH`), `TIMEOUT`, or a sentence for a server that is too old. Never a text that may hold a secret.
 */
export function failureReason(error: unknown): string {
  if (error instanceof RedisTimeout) return 'TIMEOUT';
  if (error instanceof AggregateError && error.errors.length > 0) return failureReason(error.errors[0]);
  if (!(error instanceof Error)) return 'UNKNOWN';
  // The client begins with HELLO, which came with Redis 6: https://redis.io/docs/latest/commands/hello/
  if (/unknown command.{0,4}HELLO|NOPROTO/i.test(error.message)) return 'Redis is older than version 6: no HELLO';
  if ('code' in error && typeof error.code === 'string' && /^[A-Z][A-Z_0-9]+$/.test(error.code)) return error.code;
  const reply = REPLY_CODE.exec(error.message)?.[0];
  if (reply !== undefined) return reply;
  return error.cause instanceof Error ? failureReason(error.cause) : error.constructor.name;
}
