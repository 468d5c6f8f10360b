// @ts-check
import { duration } from './words.js';

/**
 * @typedef {import('../page-types.js').Task} Task
 * @typedef {'live' | 'overdue' | 'lost'} Link the subscription is open; its heartbeat is late; it is closed
 */

/**
 * @param {Task} task
 * @param {number | null} createdAt ms since the epoch
 * @param {number} now ms since the epoch by the gateway's clock
 * @returns {[name: string, value: string]}
 */
export function elapsed(task, createdAt, now) {
  if (!task.finished) {
    const known = task.elapsedSeconds !== null ? task.elapsedSeconds * 1000 + now - Date.parse(task.checkedAt) : null;
    const ms = known ?? (createdAt === null ? null : now - createdAt);
    return ['Elapsed', ms === null ? 'not known' : duration(ms)];
  }
  // A2E counts on after the end, so the length is known only when the gateway saw the end come.
  const end = task.stages.at(-1);
  if (end === undefined || task.stages.length < 2) return ['Took', 'not known (finished before this gateway looked)'];
  return ['Took', createdAt === null ? 'not known' : duration(Date.parse(end.enteredAt) - createdAt)];
}

/**
 * The gateway does not send an unchanged state again, so an announced check that is past brought no change. That holds
 * only while the heartbeats of the connection are on time.
 *
 * @param {Task} task
 * @param {number} now ms since the epoch by the gateway's clock
 * @param {Link} link
 */
export function lastUpdate(task, now, link) {
  const last = `${ago(task, now)} ago`;
  if (task.finished) return moment(Date.parse(task.checkedAt));
  if (link === 'lost') return last;
  if (link === 'overdue') return `${last}, waiting for the gateway`;
  const nextMs = task.nextCheckAt === null ? null : Date.parse(task.nextCheckAt) - now;
  if (nextMs !== null && nextMs > 0) return `${last}, next check in ${duration(Math.max(1000, nextMs))}`;
  return `${last}, ${task.stale ? 'trying again' : 'no change since'}`;
}

/**
 * The age of a state.
 * @param {Task} task
 * @param {number} now ms since the epoch by the gateway's clock
 */
export function ago(task, now) {
  return duration(now - Date.parse(task.checkedAt));
}

/** @param {number} ms since the epoch */
export function timeOfDay(ms) {
  return new Date(ms).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' });
}

/** @param {number} ms since the epoch */
export function moment(ms) {
  return new Date(ms).toLocaleString([], { dateStyle: 'medium', timeStyle: 'medium' });
}
