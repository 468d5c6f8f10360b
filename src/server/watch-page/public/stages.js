// @ts-check
import { statusName } from './words.js';

/**
 * @typedef {import('../page-types.js').Stage} Stage
 * @typedef {{ name: string, mark: 'done' | 'now' | 'skipped' | 'ahead' | 'failed', enteredAt: number | null, tookMs: number | null }} Step
 *   `enteredAt` in ms since the epoch, and `tookMs`, are null where the gateway did not see the stage (begin).
 */

const PATH = ['INIT', 'START', 'PENDING', 'PROCESS', 'COPY', 'SUCCESS'];

/**
 * The way of a task as steps: the ones it has passed, where it is, and the ones ahead. A failed task ends in a
 * failed step; a status that is not on the path stands as a step of its own after the last known one.
 *
 * @param {{ status: string, rawStatus: string, stages: Stage[] }} task
 * @returns {Step[]}
 */
export function stepsOf({ status, rawStatus, stages }) {
  const at = PATH.indexOf(status);
  const reached = at >= 0 ? at : lastKnown(stages);
  const steps = PATH.map((name, index) => step(name, rawStatus, stages, markOf(index, reached, status)));
  if (at >= 0) return steps;
  const extra = step(status, rawStatus, stages, status === 'FAIL' ? 'failed' : 'now');
  if (status === 'FAIL') return [...steps.slice(0, -1), extra];
  return [...steps.slice(0, reached + 1), extra, ...steps.slice(reached + 1)];
}

/** @param {Stage[]} stages */
function lastKnown(stages) {
  return PATH.indexOf(stages.findLast((stage) => PATH.includes(stage.status))?.status ?? '');
}

/**
 * @param {number} index
 * @param {number} reached
 * @param {string} status
 */
function markOf(index, reached, status) {
  if (status === 'SUCCESS') return 'done';
  if (index < reached) return 'done';
  if (index > reached) return status === 'FAIL' ? 'skipped' : 'ahead';
  return status === PATH[index] ? 'now' : 'done';
}

/**
 * @param {string} status
 * @param {string} rawStatus
 * @param {Stage[]} stages
 * @param {Step['mark']} mark
 * @returns {Step}
 */
function step(status, rawStatus, stages, mark) {
  const index = mark === 'ahead' || mark === 'skipped' ? -1 : stages.findLastIndex((stage) => stage.status === status);
  const seen = stages[index];
  const enteredAt = seen ? Date.parse(seen.enteredAt) : null;
  // The gateway did not see the first stage begin, so its length is not known.
  const whole = seen?.leftAt && index > 0 && enteredAt !== null;
  return {
    name: statusName(status, rawStatus),
    mark,
    enteredAt,
    tookMs: whole ? Date.parse(seen.leftAt ?? '') - enteredAt : null,
  };
}
