// @ts-check
import { element, make, write } from './page-elements.js';
import { counted } from './words.js';

/** @typedef {{ kind: string, level: 'critical' | 'warning', title: string, text: string }} Problem */

const MARKS = { well: '✓', warning: '!', critical: '✕' };
const WELL = 'A2E answers, polls are on time, and no client is slow or refused.';

let announced = '';

/** Says whether all is well, and names each problem. @param {readonly Problem[]} problems @param {string} phase */
export function showProblems(problems, phase) {
  const level = problems.some((problem) => problem.level === 'critical')
    ? 'critical'
    : problems.length > 0
      ? 'warning'
      : 'well';
  const title = problems.length === 0 ? 'All is well' : counted(problems.length, 'problem');
  element('verdict').dataset['level'] = level;
  write(element('verdict-mark'), MARKS[level]);
  write(element('verdict-title'), title);
  const draining = phase === 'draining' ? 'This gateway is shutting down. ' : '';
  write(element('verdict-text'), draining + (problems.length === 0 ? WELL : 'What is wrong, and what to do:'));
  element('problems').replaceChildren(...problems.map(itemOf));
  document.title = `${MARKS[level]} ${title} · Gateway status`;
  const words = [title, ...problems.map((problem) => problem.title)].join('. ');
  if (words !== announced) write(element('announcement'), words);
  announced = words;
}

/** @param {Problem} problem */
function itemOf({ level, title, text, kind }) {
  const item = make('li', '', [make('span', 'tag', level), make('h3', '', title), make('p', '', text)]);
  item.dataset['level'] = level;
  item.dataset['kind'] = kind;
  return item;
}
