// @ts-check
import { isId } from './task-ids.js';

const KEY = 'video-task-gateway.recent-tasks';
const MOST = 8;

/** The ids of the tasks that this browser showed last, the latest first; at most eight, and never more than ids. */
export function recentIds() {
  try {
    /** @type {unknown} */
    const kept = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(kept) ? kept.filter((id) => typeof id === 'string' && isId(id)).slice(0, MOST) : [];
  } catch {
    // A browser may forbid storage, and another script of this origin may have written there.
    return [];
  }
}

/** @param {string} id */
export function rememberTask(id) {
  keep([id, ...recentIds().filter((kept) => kept !== id)]);
}

/** @param {string} id */
export function forgetTask(id) {
  keep(recentIds().filter((kept) => kept !== id));
}

/** @param {string[]} ids */
function keep(ids) {
  try {
    localStorage.setItem(KEY, JSON.stringify(ids.slice(0, MOST)));
  } catch {
    // Without storage the page works, and the list stays empty.
  }
}
