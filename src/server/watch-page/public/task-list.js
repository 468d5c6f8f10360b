// @ts-check
import { element } from './dom.js';
import { TaskView } from './task-view.js';
import { statusName } from './words.js';

/** @typedef {import('../page-types.js').Task} Task */
/** @typedef {import('../page-types.js').Words} Words */

/** The views of the tasks that the page watches, in the order of the address. */
export class TaskList {
  /** @type {Map<string, TaskView>} */
  #views = new Map();
  #place = element('tasks');
  #drop;

  /** @param {(id: string) => void} drop called when the user removes one of several tasks */
  constructor(drop) {
    this.#drop = drop;
  }

  /** The page has a state of at least one task. */
  get known() {
    return this.#all().some(({ task }) => task !== null);
  }

  /** No further event follows for any task. */
  get settled() {
    return this.#all().every(({ settled }) => settled);
  }

  /** The view has the page for itself. */
  get single() {
    return this.#views.size === 1;
  }

  /** @param {string} id @returns {Task | null | undefined} undefined for a task that the page does not watch */
  taskOf(id) {
    return this.#views.get(id)?.task;
  }

  /**
   * Shows these tasks and no other; the state of a task that stays is kept.
   * @param {readonly string[]} ids
   */
  arrange(ids) {
    this.#views = new Map(ids.map((id) => [id, this.#views.get(id) ?? new TaskView(id, this.#drop)]));
    this.#place.classList.toggle('many', ids.length > 1);
    this.#place.replaceChildren(...this.#all().map(({ root }) => root));
    for (const view of this.#all()) {
      view.standAlone(this.single);
      view.wait();
    }
    this.#reveal(!this.single);
  }

  /** @param {Task} task one that is watched */
  show(task) {
    this.#views.get(task.id)?.show(task);
    this.#reveal(true);
  }

  /**
   * Shows that the gateway has ended the subscription to one of several tasks.
   * @param {string} id
   * @param {Words} words
   */
  refuse(id, words) {
    this.#views.get(id)?.refuse(words);
  }

  /** The gateway has ended the subscription: hides the views without a state. */
  refuseAll() {
    this.#reveal(false);
    for (const { root, task } of this.#all()) root.hidden = task === null;
  }

  /**
   * @param {number} now ms since the epoch by the gateway's clock
   * @param {import('./task-times.js').Link} link
   */
  showTimes(now, link) {
    for (const view of this.#all()) view.showTimes(now, link);
  }

  /** A title for the tab; empty while no state is known. */
  title() {
    if (!this.known) return '';
    const views = this.#all();
    const [task] = views.map((view) => view.task);
    if (this.single && task) return titleOf(task);
    const finished = views.filter((view) => view.task?.finished).length;
    return `${finished} of ${views.length} finished`;
  }

  /** @param {boolean} waiting views without a state are shown too */
  #reveal(waiting) {
    const views = this.#all();
    for (const { root } of views) root.hidden = false;
    const hidden = views.length === 0 || !(waiting || this.known);
    this.#place.hidden = hidden;
    element('skip').hidden = hidden;
  }

  #all() {
    return [...this.#views.values()];
  }
}

/** @param {Task} task */
function titleOf({ status, rawStatus, progress, id }) {
  const name = statusName(status, rawStatus);
  return `${name}${status === 'PROCESS' && progress !== null ? ` ${progress} %` : ''} · ${id}`;
}
