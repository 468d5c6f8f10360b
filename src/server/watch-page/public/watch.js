// @ts-check
import { askForToken, onToken } from './access.js';
import { sayFault } from './field-fault.js';
import { keepFocus } from './focus.js';
import { learnServerTime, serverNow } from './server-clock.js';
import { subscribe } from './subscribe.js';
import { element, hideTask, input, say, showTask, showTimes } from './task-view.js';
import { duration, faultWords, ID_RULE, ID_RULE_WORDS, refusalWords, statusName } from './words.js';

/** @typedef {import('./task-view.js').Task} Task */

const QUERY = `subscription WatchPage($id: ID!) {
  taskStatus(id: $id) {
    id status rawStatus statusDescription progress message resultUrl createdAt elapsedSeconds
    finished checkedAt nextCheckAt stale stages { status enteredAt leftAt }
  }
}`;

const TITLE = document.title;
const idField = input('id');

/** The caller's token lives in this variable and nowhere else. @type {string | null} */
let token = null;
/** @type {Task | null} */
let task = null;
/** The subscription stands: what it last brought is still so. */
let live = false;
/** What the address named when it was last followed. @type {string | null} */
let followedId = null;
let stop = () => {};

/**
 * Follows the task of this id from now on; an empty id shows the form alone.
 * @param {string} id
 */
function watch(id) {
  stop();
  followedId = id;
  stop = keepFocus(() => prepare(id)) ? follow(id) : () => {};
}

/**
 * Shows what is known of this task before it is asked for.
 * @param {string} id
 * @returns {boolean} it can be asked for
 */
function prepare(id) {
  setLive(false);
  if (task?.id !== id) forget();
  for (const part of ['notice', 'access']) element(part).hidden = true;
  idField.value = id;
  const accepted = idAccepted(id);
  if (!accepted) document.title = faultTitle(faultWords('BAD_USER_INPUT').title);
  if (!accepted || id === '') return false;
  lookUp();
  return true;
}

/**
 * @param {string} id
 * @returns {() => void} ends it
 */
function follow(id) {
  return subscribe(QUERY, { id }, token, {
    next: (result) => keepFocus(() => show(result)),
    open: () => keepFocus(connected),
    complete: () => setLive(false),
    interrupted,
    failed: (refusal) => refuse(refusal.code ?? statusCode(refusal.status), refusalWords(refusal)),
  });
}

function lookUp() {
  if (task === null) notice('Looking it up', 'Asking for the state of this task.', '');
}

function connected() {
  setLive(true);
  lookUp();
}

/** @param {boolean} stands */
function setLive(stands) {
  live = stands;
  say('connection', '');
}

function forget() {
  task = null;
  hideTask();
  document.title = TITLE;
}

/** Accepts an empty id too. @param {string} id */
function idAccepted(id) {
  const accepted = id === '' || ID_RULE.test(id);
  sayFault(idField, accepted ? '' : ID_RULE_WORDS);
  return accepted;
}

/**
 * @param {import('./subscribe.js').Result} result
 * @returns {boolean} nothing more is to come
 */
function show({ data, errors }) {
  const state = /** @type {Task | undefined} */ (data?.taskStatus);
  if (state) {
    element('notice').hidden = true;
    announce(state);
    task = state;
    showTask(state);
    showTimes(state, serverNow(), live);
    document.title = titleOf(state);
    return state.finished;
  }
  const extensions = errors?.[0]?.extensions ?? {};
  refuse(extensions.code, faultWords(extensions.code, extensions.retryAfterSeconds));
  return true;
}

/** @param {Task} state */
function titleOf({ status, rawStatus, progress, id }) {
  const name = statusName(status, rawStatus);
  return `${name}${status === 'PROCESS' && progress !== null ? ` ${progress} %` : ''} · ${id}`;
}

/** @param {string} title what the page says of the fault */
function faultTitle(title) {
  return `${title} · ${TITLE}`;
}

/** Screen readers say it once they are done with what they are saying. @param {string} words */
function tell(words) {
  element('announcement').textContent = words;
}

/**
 * Says aloud what a listener wants to hear of a new state: another status, staleness and its end; not each percent.
 * @param {Task} next
 */
function announce(next) {
  const name = statusName(next.status, next.rawStatus);
  if (next.stale && !task?.stale) tell(`${name}. The last check failed; this is the last known state.`);
  else if (task?.stale && !next.stale) tell(`${name}. Up to date again.`);
  else if (next.status !== task?.status || next.rawStatus !== task.rawStatus) tell(`${name}.`);
}

/**
 * @param {import('./subscribe.js').Refusal | null} refusal
 * @param {number} waitMs
 */
function interrupted(refusal, waitMs) {
  const { title, text } = refusal === null ? { title: 'Connection lost', text: '' } : refusalWords(refusal);
  if (live && task !== null) tell('Connection lost. Reconnecting.');
  setLive(false);
  const when = waitMs < 1000 ? 'Reconnecting.' : `Reconnecting within ${duration(waitMs)}.`;
  if (task !== null) say('connection', `${title}. ${when} Showing the last known state.`);
  else notice(title, `${text} ${when}`, 'Try now');
}

/**
 * The end of a subscription that brought an error: asks for a token when that is what is missing.
 * @param {string | null | undefined} code
 * @param {{ title: string, text: string }} words
 */
function refuse(code, { title, text }) {
  setLive(false);
  if (code !== 'UNAUTHENTICATED' && !(code === 'FORBIDDEN' && token !== null)) {
    document.title = faultTitle(title);
    return notice(title, task === null ? text : `${text} Below is the last known state.`, 'Try again');
  }
  const reason = token === null ? text : 'This token was refused or has expired. Try another one.';
  element('notice').hidden = true;
  document.title = faultTitle(title);
  token = null;
  askForToken(code === 'FORBIDDEN' ? `${text} Another one may.` : reason);
}

/** @param {number} status */
function statusCode(status) {
  return status === 401 ? 'UNAUTHENTICATED' : status === 403 ? 'FORBIDDEN' : null;
}

/**
 * @param {string} title
 * @param {string} text
 * @param {string} action what the button says; without one there is no button
 */
function notice(title, text, action) {
  element('notice').hidden = false;
  element('notice-title').textContent = title;
  element('notice-text').textContent = text;
  say('retry', action);
  tell(`${title}. ${text}`);
}

/** The id in the address. */
function addressId() {
  return new URLSearchParams(location.search).get('id')?.trim() ?? '';
}

element('ask').addEventListener('submit', (event) => {
  event.preventDefault();
  const id = idField.value.trim();
  if (id === '') sayFault(idField, 'Paste a task id first.');
  if (id === '' || !idAccepted(id)) return idField.focus();
  if (id !== addressId()) history.pushState(null, '', `?${new URLSearchParams({ id })}`);
  watch(id);
});

onToken((given) => {
  token = given;
  watch(addressId());
});

element('retry').addEventListener('click', () => watch(addressId()));
// The address may change in another part, such as its fragment; what is watched goes on then.
addEventListener('popstate', () => addressId() !== followedId && watch(addressId()));
// Not by the address: that would be a step of the history.
element('skip').addEventListener('click', (event) => {
  event.preventDefault();
  element('task').focus();
});
setInterval(() => task !== null && showTimes(task, serverNow(), live), 1000);

void learnServerTime();
watch(addressId());
if (!ID_RULE.test(addressId())) idField.focus();
