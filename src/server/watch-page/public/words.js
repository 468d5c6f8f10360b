// @ts-check

import { ID_RULE_WORDS } from './task-ids.js';

/** @type {Record<string, string>} */
const STATUS_NAMES = {
  INIT: 'Initialised',
  START: 'Sent',
  PENDING: 'Queued',
  PROCESS: 'Processing',
  COPY: 'Saving',
  SUCCESS: 'Ready',
  FAIL: 'Failed',
};

/**
 * A short name for a stage; a status that this page does not know is shown as A2E wrote it.
 * @param {string} status
 * @param {string} rawStatus
 */
export function statusName(status, rawStatus) {
  return STATUS_NAMES[status] ?? (rawStatus || 'Unknown');
}

/** @type {Record<string, [title: string, text: string]>} */
const ERRORS = {
  BAD_USER_INPUT: ['That is not a task id', ID_RULE_WORDS],
  UNAUTHENTICATED: ['A token is needed', 'This gateway only answers callers who show a valid token.'],
  FORBIDDEN: ['Not your task', 'Your token is valid, but it does not cover this task.'],
  TOO_MANY_IDS: ['Too many tasks at once', 'This gateway follows fewer tasks on one subscription. Watch fewer.'],
  TASK_NOT_FOUND: [
    'No such task',
    'A2E knows no task with this id. Check that it was copied whole; a task made a moment ago may need a little time.',
  ],
  UPSTREAM_UNAVAILABLE: ['A2E is not answering', 'The state of this task could not be read yet. Try again shortly.'],
  OVERLOADED: ['The gateway is overloaded', 'It takes no more work at the moment. Try again shortly.'],
  UPSTREAM_RATE_LIMITED: ['A2E asks for patience', 'It is being asked too often at the moment. Try again shortly.'],
  UPSTREAM_BAD_RESPONSE: ['A2E gave an odd answer', 'Its answer could not be understood. Try again shortly.'],
  TOO_MANY_SUBSCRIPTIONS: ['Too many at once', 'This gateway allows no more live views from here. Close one first.'],
  RATE_LIMITED: ['Too fast', 'Too many requests came from here. Wait a moment, then try again.'],
  OPERATION_TOO_COMPLEX: ['Not allowed here', 'This gateway is set up to refuse requests as large as this page sends.'],
  DOCUMENT_NOT_TRUSTED: [
    'Not allowed here',
    'This gateway only runs the documents on its list, and the one of this page is not among them.',
  ],
  INTERNAL_SERVER_ERROR: ['Something went wrong', 'The gateway hit an unexpected problem. Try again shortly.'],
};

/** @type {[title: string, text: string]} */
const UNREACHABLE = ['The gateway cannot be reached', 'Check the network connection.'];
/** @type {[title: string, text: string]} */
const BUSY = ['The gateway is busy or restarting', 'It takes no new live views at the moment.'];

/**
 * A title and a sentence for an error code of the gateway.
 * @param {string | null | undefined} code
 * @param {number} [retryAfterSeconds]
 */
export function errorText(code, retryAfterSeconds) {
  const [title, text] = ERRORS[code ?? ''] ?? /** @type {[string, string]} */ (ERRORS.INTERNAL_SERVER_ERROR);
  return { title, text: retryAfterSeconds ? `${text} Wait ${duration(retryAfterSeconds * 1000)} first.` : text };
}

/**
 * The same for a subscription that could not begin.
 * @param {import('../page-types.js').Refusal} refusal
 */
export function refusalText({ status, code }) {
  if (code !== null) return errorText(code);
  if (status === 401) return errorText('UNAUTHENTICATED');
  if (status === 403) return errorText('FORBIDDEN');
  if (status === 429) return errorText('RATE_LIMITED');
  const [title, text] = status === 0 ? UNREACHABLE : status === 503 ? BUSY : (ERRORS.INTERNAL_SERVER_ERROR ?? BUSY);
  return { title, text };
}

/**
 * A length of time in words, two units at most: "8 s", "2 min 10 s", "3 h 5 min", "2 d 4 h".
 * A number and its unit stay on one line.
 * @param {number} ms below zero counts as zero
 */
export function duration(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds}\u00a0s`;
  if (seconds < 3600) return pair(seconds, 60, 'min', 's');
  if (seconds < 86_400) return pair(Math.floor(seconds / 60), 60, 'h', 'min');
  return pair(Math.floor(seconds / 3600), 24, 'd', 'h');
}

/**
 * @param {number} count
 * @param {number} per
 * @param {string} large
 * @param {string} small
 */
function pair(count, per, large, small) {
  const rest = count % per;
  return `${Math.floor(count / per)}\u00a0${large}${rest > 0 ? ` ${rest}\u00a0${small}` : ''}`;
}
