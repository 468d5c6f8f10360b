import { AccessDenied, type UpstreamError, UpstreamUnavailable } from '../errors.ts';

/** Failures in a row, since the last answer, that speak against more than one task. */
export interface Evidence {
  /** Failures in a row that are evidence against the origin. */
  readonly originFailures: number;
  /** The tasks of these failures, up to as many as matter. */
  readonly failedTasks: ReadonlySet<string>;
  /** The proven tasks that A2E denied in a row. */
  readonly deniedTasks: ReadonlySet<string>;
  /** Enough against the origin to open the circuit. */
  readonly isAgainstOrigin: boolean;
  /** Enough against the token to open the circuit. */
  readonly isAgainstToken: boolean;
}

export const NO_EVIDENCE: Evidence = {
  originFailures: 0,
  failedTasks: new Set(),
  deniedTasks: new Set(),
  isAgainstOrigin: false,
  isAgainstToken: false,
};

/** Failures in a row that open the circuit. */
const ORIGIN_THRESHOLD = 10;
/** Unproven tasks that have to fail, because one malformed id is no evidence about the origin. */
const DISTINCT_UNPROVEN_TASKS = 3;
/** Proven tasks denied in a row that prove that the token is at fault. */
const DENIED_THRESHOLD = 3;

interface Failure {
  readonly error: UpstreamError;
  readonly taskId: string;
  readonly isProven: boolean;
  readonly provenTasks: number;
}

/** Adds one failed call to the evidence. */
export function collect(evidence: Evidence, { error, taskId, isProven, provenTasks }: Failure): Evidence {
  if (error instanceof AccessDenied) return isProven ? denied(evidence, taskId, provenTasks) : evidence;
  const unreachable = error instanceof UpstreamUnavailable && error.unreachable;
  if (!unreachable && !isProven && provenTasks > 0) return evidence;
  const originFailures = evidence.originFailures + 1;
  const failedTasks = withTask(evidence.failedTasks, taskId, DISTINCT_UNPROVEN_TASKS);
  const conclusive = unreachable || isProven || failedTasks.size >= DISTINCT_UNPROVEN_TASKS;
  return {
    ...evidence,
    originFailures,
    failedTasks,
    isAgainstOrigin: originFailures >= ORIGIN_THRESHOLD && conclusive,
  };
}

function denied(evidence: Evidence, taskId: string, provenTasks: number): Evidence {
  const deniedTasks = withTask(evidence.deniedTasks, taskId, DENIED_THRESHOLD);
  const needed = Math.max(1, Math.min(DENIED_THRESHOLD, provenTasks));
  return { ...evidence, deniedTasks, isAgainstToken: deniedTasks.size >= needed };
}

function withTask(tasks: ReadonlySet<string>, taskId: string, max: number): ReadonlySet<string> {
  return tasks.size >= max || tasks.has(taskId) ? tasks : new Set([...tasks, taskId]);
}
