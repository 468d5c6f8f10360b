// @ts-check
import { element, fillTable, make, write } from './page-elements.js';
import { counted, duration, mebibytes, milliseconds, number } from './words.js';

/** @typedef {Record<string, any>} Report see src/observability/status/status-report.ts */
/** @typedef {{ value: string, note: string, wrong?: boolean }} Figure */

const TRANSPORTS = { websocket: 'WebSocket', sse: 'SSE', multipart: 'Multipart' };
const UPSTREAM = { ok: 'Answers', away: 'Away', refused: 'Token refused' };
const REDIS = { connected: 'Connected', away: 'Away', single: 'Not used' };

/** Each figure by its name. @type {Record<string, (now: Report) => Figure>} */
const FIGURES = {
  'Calls saved by sharing': ({ window, minute }) => {
    const wanted = window.saved + window.calls;
    return {
      value: wanted === 0 ? '–' : `${number(Math.floor((window.saved / wanted) * 1000) / 10)} %`,
      note: `${number(minute.saved)}/s saved, ${number(minute.calls)}/s made`,
    };
  },
  Viewers: ({ viewers, minute }) => ({
    value: number(sum(viewers.subscriptions)),
    note: `${counted(sum(viewers.connections), 'connection')}, ${number(minute.delivered)} updates/s`,
  }),
  'Watched tasks': ({ tasks }) => ({
    value: number(tasks.watched),
    note: `${number(tasks.stale)} stale, ${counted(tasks.waitingReads, 'read')} waiting`,
    wrong: tasks.stale > 0,
  }),
  'Poll lateness, p99': ({ minute, upstream }) => ({
    value: milliseconds(minute.p99),
    note: `median ${milliseconds(minute.p50)}, budget adds ${milliseconds(upstream.delayMs)}`,
    wrong: upstream.delayMs > 1000,
  }),
  A2E: ({ upstream }) => ({
    value: named(UPSTREAM, upstream.state),
    note: circuitWords(upstream),
    wrong: upstream.state !== 'ok',
  }),
  Redis: ({ redis, window }) => ({
    value: named(REDIS, redis),
    note: redis === 'single' ? 'this gateway is alone' : `${duration(window.redisAwaySeconds)} without it lately`,
    wrong: redis === 'away',
  }),
  'Budget towards A2E': ({ upstream, minute }) => ({
    value: `${number(minute.budgetPercent)} %`,
    note:
      upstream.maxRps === null
        ? `${upstream.permits} of ${upstream.maxPermits} calls at once, no rate limit`
        : `${number(minute.calls)} of ${number(upstream.maxRps)} calls per second${forEachOf(sum(upstream.circuits))}`,
  }),
  'Event-loop lag, p99': ({ process }) => ({
    value: milliseconds(process.lagMs),
    note: `heap ${mebibytes(process.heapBytes)} of ${mebibytes(process.heapLimitBytes)}`,
    wrong: process.lagMs > 500,
  }),
};

/** @type {Map<string, { box: HTMLElement, value: HTMLElement, note: HTMLElement }>} */
const boxes = new Map();

/** Shows the present state. @param {Report} now */
export function showFigures(now) {
  for (const [name, figureOf] of Object.entries(FIGURES)) {
    const { box, value, note } = boxes.get(name) ?? addBox(name);
    const figure = figureOf(now);
    write(value, figure.value);
    write(note, figure.note);
    box.classList.toggle('wrong', figure.wrong === true);
  }
  write(element('identity'), `version ${now.version} · up ${duration(now.uptimeSeconds)} · ${now.phase}`);
  fillTable(
    element('transports'),
    Object.entries(TRANSPORTS).map(([key, name]) => [
      name,
      number(now.viewers.connections[key]),
      number(now.viewers.subscriptions[key]),
    ]),
  );
  const counts = (/** @type {Record<string, number>} */ of) =>
    Object.entries(of).map(([word, count]) => [word.replaceAll('_', ' '), number(count)]);
  fillTable(element('refusals'), counts(now.window.refusals), ([, count]) => count !== '0');
  fillTable(element('circuits'), counts(now.upstream.circuits), ([word, count]) => word !== 'closed' && count !== '0');
}

/** @param {string} name */
function addBox(name) {
  const value = make('dd', 'value');
  const note = make('dd', 'note');
  const box = make('div', '', [make('dt', '', name), value, note]);
  element('figures').append(box);
  boxes.set(name, { box, value, note });
  return { box, value, note };
}

/** @param {Report} upstream */
function circuitWords({ circuits, nextCallSeconds }) {
  const { open, paused, refused } = circuits;
  if (open + paused + refused === 0) return circuits.closed === 0 ? 'no call yet' : 'circuit closed';
  const state = refused > 0 ? 'token refused' : open > 0 ? 'circuit open' : 'paused, as A2E asked';
  return nextCallSeconds === null ? state : `${state}, next call in ${milliseconds(nextCallSeconds * 1000)}`;
}

/** @param {number} tokens */
function forEachOf(tokens) {
  return tokens > 1 ? `, for each of ${number(tokens)} tokens` : '';
}

/** @param {Record<string, number>} counts */
function sum(counts) {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

/** @param {Record<string, string>} names @param {string} word */
function named(names, word) {
  return names[word] ?? word;
}
