// @ts-check
import { queryOf } from './operations.js';
import { isOf, post, refusalOf } from './request.js';

/**
 * @typedef {import('../page-types.js').Listener} Listener
 * @typedef {import('../page-types.js').Outcome} Outcome
 * @typedef {import('../page-types.js').Result} Result
 */

/** Longer than the gateway waits for A2E, 15 s by default. */
const ANSWER_MS = 20_000;
/** A task just created may be unknown to A2E for a while, and A2E may fail to answer: neither is final at first. */
const MISSES_IN_A_ROW = 3;
const FINAL = ['UNAUTHENTICATED', 'FORBIDDEN'];

/**
 * Reads the states of tasks by queries, for a tab that may hold no stream. It passes results of the form that a
 * subscription to the tasks has.
 */
export class StateReader {
  /** The answers without a state in a row, by the id of the task. @type {Map<string, number>} */
  #misses = new Map();
  #answered = false;

  /**
   * @param {readonly string[]} ids
   * @param {string | null} token
   * @param {Listener} listener
   * @param {AbortSignal} signal
   */
  constructor(ids, token, listener, signal) {
    this.ids = ids;
    this.token = token;
    this.listener = listener;
    this.signal = signal;
  }

  /** Asks once. @returns {Promise<Outcome | null>} null: the tasks may have another state later */
  async read() {
    const { ids, token, listener, signal } = this;
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
      const response = await post(queryOf(ids), 'application/json', token, limit);
      if (!isOf(response, 'application/json')) return await refusalOf(response);
      const results = this.#resultsOf(await response.json());
      if (!this.#answered) listener.open();
      this.#answered = true;
      listener.received();
      return results.some((result) => listener.next(result) === true) ? 'complete' : null;
    } catch {
      return 'lost';
    }
  }

  /** @param {Result} answer @returns {Result[]} */
  #resultsOf({ data, errors = [] }) {
    if (!data) return [{ errors }];
    return this.ids.flatMap((id, index) => {
      const task = data.videoTasks[index];
      if (task !== null) this.#misses.delete(id);
      return task === null ? this.#missOf(id, errors) : [{ data: { taskStatuses: task } }];
    });
  }

  /**
   * @param {string} id
   * @param {NonNullable<Result['errors']>} errors
   * @returns {Result[]}
   */
  #missOf(id, errors) {
    const misses = (this.#misses.get(id) ?? 0) + 1;
    this.#misses.set(id, misses);
    const unknown = { message: '', extensions: { id, code: 'TASK_NOT_FOUND' } };
    const error = errors.find(({ extensions }) => extensions?.id === id) ?? unknown;
    const told = misses === MISSES_IN_A_ROW || FINAL.includes(error.extensions?.code);
    return told ? [{ data: { taskStatuses: null }, errors: [error] }] : [];
  }
}
