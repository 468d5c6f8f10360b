// @ts-check
import { Chart } from './chart.js';
import { follow } from './connection.js';
import { showFigures } from './figures.js';
import { element, write } from './page-elements.js';
import { showProblems } from './problems.js';
import { SERIES } from './series.js';
import { duration, number } from './words.js';

/** @typedef {import('./chart-scale.js').Point} Point */

const charts = SERIES.map((series) => new Chart(series));
const badge = element('connection');
/** @type {{ points: Point[], every: number, capacity: number }} */
let kept = { points: [], every: 1, capacity: 1 };
/** When the last event came, by the monotonic clock of the page; null: none yet. @type {number | null} */
let heardAt = null;
let isLive = false;

element('charts').append(...charts.map((chart) => chart.element));

/** @param {Record<string, any>} now */
function show(now) {
  heardAt = performance.now();
  isLive = true;
  showProblems(now.problems, now.phase);
  showFigures(now);
  for (const chart of charts) chart.draw(kept.points, kept.every, kept.capacity);
  write(element('charts-title'), `Last ${span(kept.every * kept.capacity)}`);
  write(element('covered'), `${duration(now.window.seconds)} recorded, a sample every ${number(kept.every)} s`);
  showConnection();
}

/** @param {number} seconds */
function span(seconds) {
  return seconds < 60 ? `${seconds} seconds` : `${Math.round(seconds / 60)} minutes`;
}

function showConnection() {
  document.body.classList.toggle('old', !isLive && heardAt !== null);
  badge.dataset['state'] = isLive ? 'live' : heardAt === null ? 'connecting' : 'lost';
  if (isLive) return write(badge, 'Live');
  if (heardAt === null) return write(badge, 'Connecting');
  const age = duration((performance.now() - heardAt) / 1000);
  write(badge, `Connection lost, reconnecting. Figures are ${age} old`);
}

follow('status/events', {
  history({ now, points, every, capacity }) {
    kept = { points, every, capacity };
    show(now);
  },
  sample({ now, point }) {
    if (point) kept.points = [...kept.points, point].slice(-kept.capacity);
    show(now);
  },
  lost() {
    if (isLive) write(element('announcement'), 'Connection lost, reconnecting');
    isLive = false;
    showConnection();
  },
});

setInterval(() => {
  if (!isLive) showConnection();
}, 1000);
