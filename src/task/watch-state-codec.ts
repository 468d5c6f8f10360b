import {
  Forbidden,
  type GatewayError,
  TaskNotFound,
  Unauthenticated,
  UpstreamBadResponse,
  UpstreamRateLimited,
  UpstreamUnavailable,
} from '../errors.ts';
import { decodeSnapshot } from './snapshot-codec.ts';
import type { WatchState } from './watch-state.ts';
import { countWithin, nullable, record, text } from './wire-values.ts';

/** The version of the format. A gateway ignores the states of another version. */
const FORMAT = 2;
/** No state is stored longer than this, so an older one counts as expired, in ms. */
const MAX_AGE_MS = 25 * 3_600_000;
const MAX_RETRY_AFTER_MS = 5 * 60_000;
const MAX_POLL_DELAY_MS = 3_600_000;

/**
 * Writes a state for the other gateways. It holds A2E's report on the task, and no token. Monotonic times become ages at
 * the moment of writing, and `writtenAt` is the wall clock at that moment.
 */
export function encodeWatchState(state: WatchState): string {
  const { version, snapshot, failure, nextPollInMs } = state;
  const ageMs = (at: number | null): number | null => at && Math.round(performance.now() - at);
  return JSON.stringify({
    format: FORMAT,
    version,
    snapshot,
    failure: failure && encodeFailure(failure),
    nextPollInMs,
    writtenAt: Date.now(),
    ageMs: ageMs(state.attemptedAt),
    succeededForMs: ageMs(state.succeededAt),
    missingForMs: ageMs(state.missingSince),
  });
}

/**
 * Reads the text of {@link encodeWatchState}. Throws a `TypeError` or `SyntaxError` at any other text, a state of another
 * task and another format. Unknown keys are dropped. A state that was written in the future, or too long ago, is expired:
 * its snapshot counts, its freshness does not.
 *
 * @param topic the topic that the text came from; it ends with the id of its task
 */
export function decodeWatchState(encoded: string, topic: string): WatchState {
  const state = record(JSON.parse(encoded));
  if (state['format'] !== FORMAT) throw new TypeError('another format');
  const snapshot = nullable(state['snapshot'], decodeSnapshot);
  if (snapshot && !topic.endsWith(`:${snapshot.task.id}`)) throw new TypeError('a state of another task');
  const sinceWrittenMs = Date.now() - countWithin(state['writtenAt'], Number.MAX_SAFE_INTEGER);
  const isExpired = sinceWrittenMs < 0 || sinceWrittenMs > MAX_AGE_MS;
  const timeOf = (key: string): number | null => {
    const ageMs = nullable(state[key], (value) => countWithin(value, MAX_AGE_MS));
    return ageMs === null ? null : performance.now() - ageMs - (isExpired ? 0 : sinceWrittenMs);
  };
  const attemptedAt = timeOf('ageMs');
  return {
    version: countWithin(state['version'], Number.MAX_SAFE_INTEGER),
    snapshot,
    failure: nullable(state['failure'], decodeFailure),
    attemptedAt: isExpired && attemptedAt !== null ? attemptedAt - MAX_AGE_MS : attemptedAt,
    nextPollInMs: nullable(state['nextPollInMs'], (value) => countWithin(value, MAX_POLL_DELAY_MS)),
    succeededAt: timeOf('succeededForMs'),
    missingSince: timeOf('missingForMs'),
  };
}

/** A failure as it travels between gateways: no cause, no stack. */
function encodeFailure(failure: GatewayError): object {
  const retryAfterMs = 'retryAfterMs' in failure ? failure.retryAfterMs : null;
  return { code: failure.code, message: failure.message, retryAfterMs };
}

function decodeFailure(value: unknown): GatewayError {
  const failure = record(value);
  const message = text(failure['message']);
  const retryAfterMs = nullable(failure['retryAfterMs'], (ms) => countWithin(ms, MAX_RETRY_AFTER_MS));
  switch (text(failure['code'])) {
    case 'TASK_NOT_FOUND':
      return new TaskNotFound(message);
    case 'UNAUTHENTICATED':
      return new Unauthenticated(message);
    case 'FORBIDDEN':
      return new Forbidden(message);
    case 'UPSTREAM_RATE_LIMITED':
      return new UpstreamRateLimited(message, { retryAfterMs });
    case 'UPSTREAM_BAD_RESPONSE':
      return new UpstreamBadResponse(message);
    default:
      return new UpstreamUnavailable(message, { retryAfterMs });
  }
}
