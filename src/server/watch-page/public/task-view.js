// @ts-check
import { announce, element, make, say, write } from './dom.js';
import { showResult } from './result.js';
import { stepsOf } from './stages.js';
import { ago, elapsed, lastUpdate, moment, timeOfDay } from './task-times.js';
import { duration, statusName } from './words.js';

/**
 * @typedef {import('../page-types.js').Task} Task
 * @typedef {import('../page-types.js').Words} Words
 */

/** @type {Record<import('./stages.js').Step['mark'], string>} */
const MARK_WORDS = { done: 'done', now: 'now', skipped: 'not reached', ahead: 'still to come', failed: 'failed' };
const WAITING = { title: 'Looking it up', text: 'Asking for the state of this task.' };

/** The view of one task. Its size hardly depends on its state, so that a new state moves no other element. */
export class TaskView {
  /** @type {Task | null} */
  task = null;
  /** The reason why the gateway has ended the subscription to this task. @type {Words | null} */
  refusal = null;

  /**
   * @param {string} id
   * @param {(id: string) => void} drop called when the user removes this task from several
   */
  constructor(id, drop) {
    this.id = id;
    const template = /** @type {HTMLTemplateElement} */ (element('task-template'));
    const copy = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
    this.root = /** @type {HTMLElement} */ (copy.firstElementChild);
    this.part('status').id = `status-${id}`;
    this.part('task-id').id = `id-${id}`;
    this.part('task-id').textContent = id;
    this.part('drop').setAttribute('aria-label', `Stop watching ${id}`);
    this.part('drop').addEventListener('click', () => drop(id));
    this.root.setAttribute('aria-labelledby', `status-${id} id-${id}`);
    this.plays = true;
    this.wait();
  }

  /** No further event follows for this task. */
  get settled() {
    return this.refusal !== null || this.task?.finished === true;
  }

  /** @param {string} name a class of the template @returns {HTMLElement} */
  part(name) {
    return /** @type {HTMLElement} */ (this.root.querySelector(`.${name}`));
  }

  /** @param {boolean} alone this task has the page for itself */
  standAlone(alone) {
    this.plays = alone;
    this.part('drop').hidden = alone;
    if (this.task !== null) this.#showOutcome(this.task);
  }

  /** Shows that the page waits for a state; the last state stays. */
  wait() {
    this.refusal = null;
    if (this.task !== null) return this.#showHead(this.task);
    this.#say('waiting', WAITING);
    this.#showStages({ status: 'INIT', rawStatus: '', stages: [] }, true);
  }

  /** @param {Task} task */
  show(task) {
    this.#announce(task);
    this.task = task;
    this.refusal = null;
    this.root.dataset.mood = task.status === 'FAIL' ? 'failed' : task.status === 'SUCCESS' ? 'ready' : 'busy';
    this.#showHead(task);
    this.#showProgress(task);
    this.#showStages(task, false);
    this.#showOutcome(task);
  }

  /** Shows that the gateway has ended the subscription to this task. @param {Words} words */
  refuse(words) {
    this.refusal = words;
    if (this.task === null) this.#say('refused', words);
    else this.#showHead(this.task);
    announce(`${this.id}: ${words.title}. ${words.text}`);
  }

  /**
   * The texts that change with the time of day; called every second.
   * @param {number} now ms since the epoch by the gateway's clock
   * @param {import('./task-times.js').Link} link
   */
  showTimes(now, link) {
    const { task } = this;
    if (task === null) return;
    const createdAt = task.createdAt === null ? null : Date.parse(task.createdAt);
    write(this.part('created'), createdAt === null ? 'not known' : moment(createdAt));
    const [name, value] = elapsed(task, createdAt, now);
    write(this.part('elapsed-name'), name);
    write(this.part('elapsed'), value);
    write(this.part('update'), lastUpdate(task, now, this.refusal === null ? link : 'lost'));
    if (task.stale && this.refusal === null)
      write(this.part('description'), `Last check failed; showing the last known state, from ${ago(task, now)} ago.`);
  }

  /** @param {Task} task */
  #showHead(task) {
    const description = this.part('description');
    write(this.part('status'), statusName(task.status, task.rawStatus));
    description.classList.toggle('warn', task.stale || this.refusal !== null);
    if (this.refusal !== null) write(description, `${this.refusal.title}. This is the last known state.`);
    else if (!task.stale) write(description, task.statusDescription);
  }

  /**
   * @param {'waiting' | 'refused'} mood
   * @param {Words} words
   */
  #say(mood, { title, text }) {
    this.root.dataset.mood = mood;
    write(this.part('status'), title);
    write(this.part('description'), text);
  }

  /** @param {Task} task */
  #showProgress({ status, progress, finished }) {
    const bar = /** @type {HTMLProgressElement} */ (this.part('progress'));
    const value = status === 'SUCCESS' ? 100 : progress;
    if (value === null && !finished) bar.removeAttribute('value');
    else bar.value = value ?? 0;
    write(this.part('percent'), value === null ? (finished ? '' : 'not known yet') : `${value} %`);
  }

  /**
   * @param {{ status: string, rawStatus: string, stages: Stage[] }} task
   * @param {boolean} ahead no stage is known, so each is still to come
   */
  #showStages(task, ahead) {
    const steps = stepsOf(task).map((step) => (ahead ? { ...step, mark: /** @type {const} */ ('ahead') } : step));
    this.part('stages').replaceChildren(...steps.map(stepItem));
  }

  /** @param {Task} task */
  #showOutcome({ status, message, resultUrl }) {
    say(this.part('message'), message ?? (status === 'FAIL' ? 'A2E gave no reason for the failure.' : ''));
    showResult(this.part('result'), status === 'SUCCESS' ? resultUrl : null, this.plays);
  }

  /**
   * Announces another status, staleness and its end, but not each percent.
   * @param {Task} next
   */
  #announce(next) {
    const { task } = this;
    const name = `${this.plays ? '' : `${this.id}: `}${statusName(next.status, next.rawStatus)}`;
    if (next.stale && !task?.stale) announce(`${name}. The last check failed; this is the last known state.`);
    else if (task?.stale && !next.stale) announce(`${name}. Up to date again.`);
    else if (next.status !== task?.status || next.rawStatus !== task.rawStatus) announce(`${name}.`);
  }
}

/** @param {import('./stages.js').Step} step */
function stepItem({ name, mark, enteredAt, tookMs }) {
  const item = make('li', mark, '');
  if (mark === 'now') item.setAttribute('aria-current', 'step');
  item.append(make('span', 'dot', ''), make('span', 'name', name), make('span', 'unseen', `, ${MARK_WORDS[mark]}`));
  if (enteredAt !== null) {
    const time = document.createElement('time');
    time.dateTime = new Date(enteredAt).toISOString();
    time.textContent = timeOfDay(enteredAt);
    item.append(time);
  }
  if (tookMs !== null) item.append(make('span', 'took', duration(tookMs)));
  return item;
}
