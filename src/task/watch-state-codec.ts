import {
  Forbidden,
  type GatewayError,
  TaskNotFound,
  Unauthenticated,
  UpstreamBadResponse,
  UpstreamRateLimited,
  UpstreamUnavailable,
} from '../errors.ts';
import { decodeSnapshot, encodeSnapshot } from './snapshot-codec.ts';
import { awaitsResult, TEXT_LIMITS } from './video-task.ts';
import type { WatchState } from './watch-state.ts';
import { countWithin, durationUpTo, nullable, record, text, word } from './wire-values.ts';

/** The version of the format. A gateway ignores the states of another version. */
export const WATCH_STATE_FORMAT = 2;
/** No state is stored longer than this, so an older one counts as expired, in ms. */
const MAX_AGE_MS = 25 * 3_600_000;
const MAX_RETRY_AFTER_MS = 5 * 60_000;
const MAX_POLL_DELAY_MS = 3_600_000;

/**
 * Writes a state for the other gateways. It holds A2E's report on the task, and no token. Times become ages at the moment
 * of writing, because no clock is common to two gateways.
 */
export function encodeWatchState(state: WatchState): string {
  const { version, snapshot, failure, nextPollInMs } = state;
  const ageMs = (at: number | null): number | null =>
    at === null ? null : Math.max(0, Math.round(performance.now() - at));
  return JSON.stringify({
    format: WATCH_STATE_FORMAT,
    version,
    snapshot: snapshot && encodeSnapshot(snapshot),
    failure: failure && encodeFailure(failure),
    nextPollInMs: nextPollInMs === null ? null : Math.max(0, Math.round(nextPollInMs)),
    ageMs: ageMs(state.attemptedAt),
    succeededForMs: ageMs(state.succeededAt),
    missingForMs: ageMs(state.missingSince),
  });
}

/**
 * Reads the text of {@link encodeWatchState}. Throws a `TypeError` or `SyntaxError` at any other text, a state of another
 * task and another format. Unknown keys are dropped, and durations past their bounds count as the bound.
 *
 * The time since writing decides whether the state is fresh, and moves the instants for people. It ends no grace, because
 * the storage's clock may have stepped. A state of unknown age is not fresh.
 *
 * @param topic the topic that the text came from; it ends with the id of its task
 * @param ageMs the time since the text was written, in ms; null when it is unknown
 */
export function decodeWatchState(encoded: string, topic: string, ageMs: number | null): WatchState {
  const state = record(JSON.parse(encoded));
  if (state['format'] !== WATCH_STATE_FORMAT) throw new TypeError('another format');
  const version = countWithin(state['version'], Number.MAX_SAFE_INTEGER);
  const snapshot = nullable(state['snapshot'], (value) => decodeSnapshot(value, ageMs ?? 0));
  if (snapshot && !topic.endsWith(`:${snapshot.task.id}`)) throw new TypeError('a state of another task');
  if (snapshot && snapshot.version > version) throw new TypeError('a snapshot newer than its state');
  const failure = nullable(state['failure'], decodeFailure);
  const timeOf = (key: string): number | null =>
    nullable(state[key], (age) => performance.now() - durationUpTo(age, MAX_AGE_MS));
  const [succeededAt, missingSince] = [timeOf('succeededForMs'), timeOf('missingForMs')];
  const attemptedAt = timeOf('ageMs');
  return {
    version,
    snapshot,
    failure,
    attemptedAt: ageMs === null || attemptedAt === null ? null : attemptedAt - ageMs,
    nextPollInMs: nullable(state['nextPollInMs'], (delay) => durationUpTo(delay, MAX_POLL_DELAY_MS)),
    succeededAt: snapshot && awaitsResult(snapshot.task) ? succeededAt : null,
    missingSince: failure instanceof TaskNotFound ? missingSince : null,
  };
}

/** A failure as it travels between gateways: no cause, no stack. */
function encodeFailure(failure: GatewayError): object {
  const retryAfterMs = 'retryAfterMs' in failure ? failure.retryAfterMs : null;
  return { code: failure.code, message: failure.message.slice(0, TEXT_LIMITS.message), retryAfterMs };
}

function decodeFailure(value: unknown): GatewayError {
  const failure = record(value);
  const message = text(failure['message']);
  const retryAfterMs = nullable(failure['retryAfterMs'], (ms) => durationUpTo(ms, MAX_RETRY_AFTER_MS));
  switch (word(failure['code'])) {
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
