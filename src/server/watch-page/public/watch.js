// @ts-check
import { askForToken, onToken } from './access.js';
import { announce, element, input, say } from './dom.js';
import { showFieldError } from './field-error.js';
import { keepFocus } from './focus.js';
import { rememberTask } from './recent-tasks.js';
import { learnServerTime, serverNow } from './server-clock.js';
import { offerShortcuts, refreshShortcuts, unfoldShortcuts } from './shortcuts.js';
import { subscribe } from './subscribe.js';
import { addressIds, addressOf, errorOfIds, readIds } from './task-ids.js';
import { TaskList } from './task-list.js';
import { duration, errorText, refusalText } from './words.js';

/**
 * @typedef {import('../page-types.js').Result} Result
 * @typedef {import('../page-types.js').Task} Task
 * @typedef {import('../page-types.js').Words} Words
 */

const TITLE = document.title;
const idField = input('id');
const tasks = new TaskList((id) => go(addressIds().filter((kept) => kept !== id)));

/** The caller's token. It is kept in this variable alone. @type {string | null} */
let token = null;
/** @type {import('./task-times.js').Link} */
let link = 'lost';
/** The ids in the address that the page follows. */
let followed = '';
let stop = () => {};

/**
 * Follows these tasks from now on; without any the page shows the form alone.
 * @param {readonly string[]} ids
 */
function watch(ids) {
  stop();
  followed = ids.join(' ');
  stop = keepFocus(() => prepare(ids)) ? follow(ids) : () => {};
}

/**
 * Shows the last states of these tasks before the page subscribes to them.
 * @param {readonly string[]} ids
 * @returns {boolean} the page can subscribe to them
 */
function prepare(ids) {
  setLink('lost');
  say(element('connection'), '');
  for (const part of ['notice', 'access']) element(part).hidden = true;
  idField.value = ids.join(' ');
  const error = errorOfIds(ids);
  showFieldError(idField, error);
  tasks.arrange(error === '' ? ids : []);
  showTitle(error === '' ? '' : errorText('BAD_USER_INPUT').title);
  if (error !== '' || ids.length === 0) return false;
  showLoading();
  return true;
}

/**
 * @param {readonly string[]} ids
 * @returns {() => void} ends it
 */
function follow(ids) {
  return subscribe(ids, token, {
    next: (result) => keepFocus(() => show(result)),
    open: () => keepFocus(connected),
    received: () => link === 'overdue' && setLink('live'),
    overdue: () => setLink('overdue'),
    complete: () => setLink('lost'),
    interrupted,
    failed: (refusal) => refuse(refusal.code ?? codeOf(refusal.status), refusalText(refusal)),
  });
}

function showLoading() {
  if (tasks.single && !tasks.known) notice('Looking it up', 'Asking for the state of this task.', '');
  else element('notice').hidden = true;
}

function connected() {
  setLink('live');
  say(element('connection'), '');
  showLoading();
}

/** @param {typeof link} state */
function setLink(state) {
  link = state;
  tasks.showTimes(serverNow(), link);
}

/**
 * @param {Result} result
 * @returns {boolean} no further event follows
 */
function show({ data, errors }) {
  const state = /** @type {Task | null | undefined} */ (data?.taskStatuses);
  if (state && tasks.taskOf(state.id) !== undefined) {
    element('notice').hidden = true;
    if (tasks.taskOf(state.id) === null) remember(state.id);
    tasks.show(state);
    tasks.showTimes(serverNow(), link);
    showTitle('');
    return tasks.settled;
  }
  for (const { extensions = {} } of errors ?? []) if (refuseTask(extensions)) return true;
  return tasks.settled;
}

/** @param {string} id */
function remember(id) {
  rememberTask(id);
  refreshShortcuts();
}

/**
 * One error of a result: it ends one of several tasks, or all of them.
 * @param {Record<string, any>} extensions
 * @returns {boolean} it ended all of them
 */
function refuseTask({ id, code, retryAfterSeconds }) {
  const one = typeof id === 'string' && tasks.taskOf(id) !== undefined;
  // The page asks for well-formed ids alone, so the gateway can refuse only their number.
  const words = errorText(code === 'BAD_USER_INPUT' && !tasks.single ? 'TOO_MANY_IDS' : code, retryAfterSeconds);
  if (one && !tasks.single && code !== 'UNAUTHENTICATED') {
    tasks.refuse(id, words);
    return false;
  }
  refuse(code, words);
  return true;
}

/**
 * @param {import('../page-types.js').Refusal | null} refusal
 * @param {number} waitMs
 */
function interrupted(refusal, waitMs) {
  const lost = 'Connection lost';
  const { title, text } = refusal === null ? { title: lost, text: '' } : refusalText(refusal);
  const when = waitMs < 1000 ? 'Reconnecting.' : `Reconnecting within ${duration(waitMs)}.`;
  if (link !== 'lost' && tasks.known) announce(`${lost}. Reconnecting.`);
  setLink('lost');
  if (!tasks.known) return notice(title, `${text} ${when}`.trim(), 'Try now');
  const cause = title === lost ? '' : ` ${title}.`;
  say(element('connection'), `${lost}.${cause} ${when} Showing the last known state.`);
}

/**
 * The end of a subscription by an error: asks for a token when that is missing.
 * @param {string | null | undefined} code
 * @param {Words} words
 */
function refuse(code, { title, text }) {
  setLink('lost');
  say(element('connection'), '');
  tasks.refuseAll();
  showTitle(title);
  if (code !== 'UNAUTHENTICATED' && !(code === 'FORBIDDEN' && token !== null))
    return notice(title, tasks.known ? `${text} Above is the last known state.` : text, 'Try again');
  const refused = token === null ? text : 'This token was refused or has expired. Try another one.';
  const reason = code === 'FORBIDDEN' ? `${text} Another one may.` : refused;
  element('notice').hidden = true;
  token = null;
  // The field may hold the focus already, and then no screen reader says its new description.
  announce(`${title}. ${reason}`);
  askForToken(reason);
}

/** @param {number} status */
function codeOf(status) {
  return status === 401 ? 'UNAUTHENTICATED' : status === 403 ? 'FORBIDDEN' : null;
}

/**
 * @param {string} title
 * @param {string} text
 * @param {string} action the label of the button; empty for no button
 */
function notice(title, text, action) {
  element('notice').hidden = false;
  element('notice-title').textContent = title;
  element('notice-text').textContent = text;
  say(element('retry'), action);
  announce(`${title}. ${text}`);
}

/** @param {string} error the title of an error, or empty: the state of the tasks */
function showTitle(error) {
  const state = tasks.title();
  if (error !== '') document.title = `${error} · ${TITLE}`;
  else document.title = state !== '' && tasks.single ? state : [state, TITLE].filter(Boolean).join(' · ');
}

/**
 * Makes these ids the address of the page, and watches them.
 * @param {readonly string[]} ids
 */
function go(ids) {
  if (ids.join(' ') !== addressIds().join(' ')) history.pushState(null, '', addressOf(ids));
  unfoldShortcuts(ids.length === 0);
  watch(ids);
}

element('ask').addEventListener('submit', (event) => {
  event.preventDefault();
  const ids = readIds(idField.value);
  const error = ids.length === 0 ? 'Paste a task id first.' : errorOfIds(ids);
  showFieldError(idField, error);
  if (error !== '') return idField.focus();
  go(ids);
});

offerShortcuts((id, added) => go(added ? [...new Set([...addressIds(), id])] : [id]));

onToken((submitted) => {
  token = submitted;
  watch(addressIds());
});

element('retry').addEventListener('click', () => watch(addressIds()));
// The address may change in another part, such as its fragment; the page goes on with its tasks then.
addEventListener('popstate', () => addressIds().join(' ') !== followed && watch(addressIds()));
// Not by the address: that would be a step of the history.
element('skip').addEventListener('click', (event) => {
  event.preventDefault();
  element('tasks').focus();
});
setInterval(() => tasks.showTimes(serverNow(), link), 1000);

void learnServerTime();
unfoldShortcuts(addressIds().length === 0);
watch(addressIds());
if (addressIds().length === 0 || errorOfIds(addressIds()) !== '') idField.focus();
