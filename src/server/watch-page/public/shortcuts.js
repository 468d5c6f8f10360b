// @ts-check
import { element, make } from './dom.js';
import { forgetTask, recentIds } from './recent-tasks.js';
import { addressOf } from './task-ids.js';

/** @typedef {{ id: string, description: string }} Shortcut */

/** The tasks that the gateway names to try the page with, as the demo does. @type {readonly Shortcut[]} */
const EXAMPLES = JSON.parse(document.querySelector('meta[name="example-tasks"]')?.getAttribute('content') ?? '[]');

const shelf = /** @type {HTMLDetailsElement} */ (element('shortcuts'));

/**
 * Offers the recent tasks of this browser, and the example tasks, as links. The lists change while they are folded
 * away, or when the user edits them, so that they move no other element and keep the focus.
 *
 * @param {(id: string, added: boolean) => void} choose `added`: beside the tasks that are watched
 */
export function offerShortcuts(choose) {
  shelf.addEventListener('toggle', refreshShortcuts);
  addEventListener('storage', refreshShortcuts);
  shelf.addEventListener('click', (event) => {
    const target = /** @type {Element} */ (event.target).closest('[data-does]');
    if (!(target instanceof HTMLElement) || isForNewTab(event)) return;
    event.preventDefault();
    const { does, id = '' } = target.dataset;
    if (does === 'forget') forget(id);
    else choose(id, does === 'add');
  });
}

/** Brings the lists up to date, unless the user looks at them. */
export function refreshShortcuts() {
  if (!shelf.open) render();
}

/** Shows the lists, or folds them away. @param {boolean} open */
export function unfoldShortcuts(open) {
  shelf.open = false;
  render();
  shelf.open = open;
}

function render() {
  const recent = recentIds();
  element('recent').replaceChildren(...recent.map((id) => item({ id, description: '' }, true)));
  element('recent-none').hidden = recent.length > 0;
  element('examples').replaceChildren(...EXAMPLES.map((example) => item(example, false)));
  element('examples-part').hidden = EXAMPLES.length === 0;
}

/** @param {string} id */
function forget(id) {
  forgetTask(id);
  render();
  // The button that had the focus has been removed, so the focus moves to the next button.
  const next = element('recent').querySelector('[data-does="forget"]') ?? shelf.querySelector('summary');
  if (next instanceof HTMLElement) next.focus();
}

/**
 * @param {Shortcut} shortcut
 * @param {boolean} forgettable
 */
function item({ id, description }, forgettable) {
  const row = make('li', '', '');
  const link = /** @type {HTMLAnchorElement} */ (make('a', '', id));
  link.href = addressOf([id]);
  Object.assign(link.dataset, { does: 'watch', id });
  row.append(link);
  if (description !== '') row.append(make('span', 'note', description));
  row.append(button('add', id, 'Add', `Watch ${id} too`));
  if (forgettable) row.append(button('forget', id, 'Forget', `Forget ${id}`));
  return row;
}

/**
 * @param {string} does
 * @param {string} id
 * @param {string} words
 * @param {string} name for screen readers
 */
function button(does, id, words, name) {
  const made = /** @type {HTMLButtonElement} */ (make('button', 'small', words));
  made.type = 'button';
  made.setAttribute('aria-label', name);
  Object.assign(made.dataset, { does, id });
  return made;
}

/** @param {MouseEvent} event */
function isForNewTab({ ctrlKey, metaKey, shiftKey }) {
  return ctrlKey || metaKey || shiftKey;
}
