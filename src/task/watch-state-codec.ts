import {
  type GatewayError,
  TaskNotFound,
  Unauthenticated,
  UpstreamBadResponse,
  UpstreamRateLimited,
  UpstreamUnavailable,
} from '../errors.ts';
import { VIDEO_TASK_STATUSES } from './video-task.ts';
import type { WatchState } from './watch-state.ts';

/** A problem as it travels between gateways: no cause, no stack. */
interface EncodedProblem {
  readonly code: string;
  readonly message: string;
  readonly retryAfterMs: number | null;
}

type EncodedState = Omit<WatchState, 'problem'> & { readonly problem: EncodedProblem | null };

/** Writes a state for the other gateways. It holds what A2E said of the task, and no token. */
export function encodeWatchState(state: WatchState): string {
  return JSON.stringify({ ...state, problem: state.problem && encodeProblem(state.problem) } satisfies EncodedState);
}

/** Reads what {@link encodeWatchState} wrote. Throws a `TypeError` or `SyntaxError` at anything else. */
export function decodeWatchState(text: string): WatchState {
  const state: unknown = JSON.parse(text);
  if (!isEncodedState(state)) throw new TypeError('not a watch state');
  return { ...state, problem: state.problem && decodeProblem(state.problem) };
}

function encodeProblem(problem: GatewayError): EncodedProblem {
  const retryAfterMs =
    'retryAfterMs' in problem && typeof problem.retryAfterMs === 'number' ? problem.retryAfterMs : null;
  return { code: problem.code, message: problem.message, retryAfterMs };
}

function decodeProblem({ code, message, retryAfterMs }: EncodedProblem): GatewayError {
  switch (code) {
    case 'TASK_NOT_FOUND':
      return new TaskNotFound(message);
    case 'UNAUTHENTICATED':
      return new Unauthenticated(message);
    case 'UPSTREAM_RATE_LIMITED':
      return new UpstreamRateLimited(message, { retryAfterMs });
    case 'UPSTREAM_BAD_RESPONSE':
      return new UpstreamBadResponse(message);
    default:
      return new UpstreamUnavailable(message, { retryAfterMs });
  }
}

function isEncodedState(value: unknown): value is EncodedState {
  if (!isRecord(value) || typeof value['version'] !== 'number' || typeof value['attemptedAt'] !== 'number')
    return false;
  const { snapshot, problem, nextInMs } = value;
  if (nextInMs !== null && typeof nextInMs !== 'number') return false;
  return (snapshot === null || isSnapshot(snapshot)) && (problem === null || isProblem(problem));
}

function isSnapshot(value: unknown): boolean {
  if (!isRecord(value) || typeof value['checkedAt'] !== 'number' || typeof value['stale'] !== 'boolean') return false;
  const { task, stages } = value;
  const known: readonly unknown[] = VIDEO_TASK_STATUSES;
  return isRecord(task) && typeof task['id'] === 'string' && known.includes(task['status']) && Array.isArray(stages);
}

function isProblem(value: unknown): boolean {
  return isRecord(value) && typeof value['code'] === 'string' && typeof value['message'] === 'string';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
