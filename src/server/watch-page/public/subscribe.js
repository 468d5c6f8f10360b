// @ts-check
import { followSocket } from './socket.js';
import { followStream } from './stream.js';

/**
 * @typedef {import('../page-types.js').Operation} Operation
 * @typedef {import('../page-types.js').Listener} Listener
 * @typedef {import('../page-types.js').Outcome} Outcome
 * @typedef {import('../page-types.js').Refusal} Refusal
 */

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

/**
 * One GraphQL subscription for one tab, over a WebSocket of its own. Browsers allow six HTTP/1.1 connections per
 * origin for all tabs together, and a WebSocket is not one of them. A leader tab that shares its stream would save
 * the gateway little, because the gateway polls a task once for any number of subscribers; in return tabs would have
 * to agree on a leader, survive its freezing in the background, and keep apart the data of different tokens.
 *
 * Where a WebSocket cannot be opened, as behind a proxy that refuses upgrades, the subscription goes over SSE.
 * Reconnects with back-off and jitter for as long as another attempt may help.
 *
 * @param {Operation} operation
 * @param {string | null} token
 * @param {Handlers} handlers
 * @returns {() => void} ends it; no handler is called afterwards
 */
export function subscribe(operation, token, handlers) {
  const ended = new AbortController();
  void follow(operation, token, handlers, ended.signal);
  return () => ended.abort();
}

/**
 * @param {Operation} operation
 * @param {string | null} token
 * @param {Handlers} handlers
 * @param {AbortSignal} signal
 */
async function follow(operation, token, handlers, signal) {
  let failures = 0;
  const listener = {
    ...handlers,
    open() {
      failures = 0;
      handlers.open();
    },
  };
  while (!signal.aborted) {
    const outcome = await attempt(operation, token, listener, signal);
    if (signal.aborted) return;
    if (outcome === 'complete') return handlers.complete();
    const refusal = outcome === 'lost' ? null : outcome;
    if (refusal !== null && !passes(refusal)) return handlers.failed(refusal);
    const backoffMs = Math.min(FIRST_WAIT_MS * 2 ** failures, LONGEST_WAIT_MS) * (0.5 + Math.random() / 2);
    const waitMs = Math.max(backoffMs, refusal?.retryAfterMs ?? 0);
    failures += 1;
    handlers.interrupted(refusal, waitMs);
    await pause(waitMs, signal);
  }
}

/**
 * @param {Operation} operation
 * @param {string | null} token
 * @param {Listener} listener
 * @param {AbortSignal} signal
 * @returns {Promise<Outcome>}
 */
async function attempt(operation, token, listener, signal) {
  const outcome = await followSocket(operation, token, listener, signal);
  return outcome === 'unopened' ? followStream(operation, token, listener, signal) : outcome;
}

/** Another attempt may succeed where this one was refused. @param {Refusal} refusal */
function passes({ status }) {
  return status < 400 || status === 408 || status === 429 || status >= 500;
}

/**
 * Ends early when the browser is online again.
 * @param {number} ms
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function pause(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    addEventListener('online', done);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      removeEventListener('online', done);
      resolve();
    }
  });
}
