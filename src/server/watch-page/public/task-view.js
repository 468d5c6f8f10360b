// @ts-check
import { showResult } from './result.js';
import { stepsOf } from './stages.js';
import { duration, statusName } from './words.js';

/**
 * @typedef {import('./stages.js').Stage} Stage
 * @typedef {{
 *   id: string, status: string, rawStatus: string, statusDescription: string, progress: number | null,
 *   message: string | null, resultUrl: string | null, createdAt: string | null, elapsedSeconds: number | null,
 *   finished: boolean, checkedAt: string, nextCheckAt: string | null, stale: boolean, stages: Stage[],
 * }} Task what the page selects of a VideoTask
 */

/** @type {Record<import('./stages.js').Step['mark'], string>} */
const MARK_WORDS = { done: 'done', now: 'now', skipped: 'not reached', ahead: 'still to come', failed: 'failed' };

/** @param {string} id */
export function element(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** @param {string} id */
export function input(id) {
  return /** @type {HTMLInputElement} */ (element(id));
}

/**
 * Writes words into an element that is hidden while it has none.
 * @param {string} id
 * @param {string} words
 */
export function say(id, words) {
  const target = element(id);
  if (target.textContent !== words) target.textContent = words;
  target.hidden = words === '';
}

/**
 * Everything about a state that does not depend on the time of day.
 * @param {Task} task
 */
export function showTask(task) {
  const view = element('task');
  for (const id of ['task', 'skip']) element(id).hidden = false;
  view.dataset.mood = task.status === 'FAIL' ? 'failed' : task.status === 'SUCCESS' ? 'ready' : 'busy';
  element('status').textContent = statusName(task.status, task.rawStatus);
  element('description').textContent = task.statusDescription;
  element('task-id').textContent = task.id;
  showProgress(task);
  element('stages').replaceChildren(...stepsOf(task).map(stepItem));
  say('message', task.message ?? (task.status === 'FAIL' ? 'A2E gave no reason for the failure.' : ''));
  showResult(element('result'), task.status === 'SUCCESS' ? task.resultUrl : null);
}

/** Takes the task away, and the link that skips to it. */
export function hideTask() {
  for (const id of ['task', 'skip']) element(id).hidden = true;
  showResult(element('result'), null);
}

/** @param {Task} task */
function showProgress({ status, progress, finished }) {
  const bar = /** @type {HTMLProgressElement} */ (element('progress'));
  const value = status === 'SUCCESS' ? 100 : progress;
  if (value === null && !finished) bar.removeAttribute('value');
  else bar.value = value ?? 0;
  element('percent').textContent = value === null ? (finished ? '' : 'not known yet') : `${value} %`;
}

/** @param {import('./stages.js').Step} step */
function stepItem({ name, mark, enteredAt, tookMs }) {
  const item = document.createElement('li');
  item.className = mark;
  if (mark === 'now') item.setAttribute('aria-current', 'step');
  item.append(span('dot', ''), span('name', name), span('unseen', `, ${MARK_WORDS[mark]}`));
  if (enteredAt !== null) {
    const time = document.createElement('time');
    time.dateTime = new Date(enteredAt).toISOString();
    time.textContent = clock(enteredAt);
    item.append(time);
  }
  if (tookMs !== null) item.append(span('took', duration(tookMs)));
  return item;
}

/**
 * @param {string} className
 * @param {string} words
 */
function span(className, words) {
  const made = document.createElement('span');
  made.className = className;
  made.textContent = words;
  return made;
}

/**
 * What changes with the time of day; called every second.
 * @param {Task} task
 * @param {number} now ms since the epoch by the gateway's clock
 * @param {boolean} live the subscription stands
 */
export function showTimes(task, now, live) {
  const createdAt = task.createdAt === null ? null : Date.parse(task.createdAt);
  element('created').textContent = createdAt === null ? 'not known' : moment(createdAt);
  const [name, value] = elapsed(task, createdAt, now);
  element('elapsed-name').textContent = name;
  element('elapsed').textContent = value;
  element('update').textContent = lastUpdate(task, now, live);
  say('stale', task.stale ? `Last check failed; showing the last known state, from ${ago(task, now)} ago.` : '');
}

/**
 * @param {Task} task
 * @param {number | null} createdAt
 * @param {number} now
 * @returns {[name: string, value: string]}
 */
function elapsed(task, createdAt, now) {
  if (!task.finished) {
    const known = task.elapsedSeconds !== null ? task.elapsedSeconds * 1000 + now - Date.parse(task.checkedAt) : null;
    const ms = known ?? (createdAt === null ? null : now - createdAt);
    return ['Elapsed', ms === null ? 'not known' : duration(ms)];
  }
  // A2E's own count goes on after the end; how long it took is known only when the end was seen to come.
  const end = task.stages.at(-1);
  if (end === undefined || task.stages.length < 2) return ['Took', 'not known (finished before this gateway looked)'];
  return ['Took', createdAt === null ? 'not known' : duration(Date.parse(end.enteredAt) - createdAt)];
}

/**
 * An unchanged state is not sent again, so once the announced check is past, what is known is that it
 * brought nothing new.
 * @param {Task} task
 * @param {number} now
 * @param {boolean} live
 */
function lastUpdate(task, now, live) {
  const last = `${ago(task, now)} ago`;
  if (task.finished) return moment(Date.parse(task.checkedAt));
  if (!live) return last;
  const nextMs = task.nextCheckAt === null ? null : Date.parse(task.nextCheckAt) - now;
  if (nextMs !== null && nextMs > 0) return `${last}, next check in ${duration(Math.max(1000, nextMs))}`;
  return `${last}, ${task.stale ? 'trying again' : 'no change since'}`;
}

/**
 * @param {Task} task
 * @param {number} now
 */
function ago(task, now) {
  return duration(now - Date.parse(task.checkedAt));
}

/** @param {number} ms */
function clock(ms) {
  return new Date(ms).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' });
}

/** @param {number} ms */
function moment(ms) {
  return new Date(ms).toLocaleString([], { dateStyle: 'medium', timeStyle: 'medium' });
}
