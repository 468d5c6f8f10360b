// @ts-check
import { followOverHttp } from './fallback.js';
import { subscriptionTo } from './operations.js';
import { pause } from './pause.js';
import { followSocket } from './socket.js';
import { StateReader } from './states.js';

/**
 * @typedef {import('../page-types.js').Handlers} Handlers
 * @typedef {import('../page-types.js').Listener} Listener
 * @typedef {import('../page-types.js').Outcome} Outcome
 * @typedef {import('../page-types.js').Refusal} Refusal
 */

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;
/**
 * Upgrades that have to fail in a row before a page that has had a WebSocket goes without. Behind a load balancer the
 * first one may reach the gateway that is draining, and the next one another gateway.
 */
const FAILED_UPGRADES = 2;

/** The WebSockets of this tab so far. */
const upgrades = { work: false, failedInARow: 0 };

/**
 * One GraphQL subscription to these tasks for one tab, over a WebSocket of its own. Browsers allow six HTTP/1.1
 * connections per origin for all tabs together, and a WebSocket is not one of them. A leader tab that shares its stream
 * would save the gateway little, because the gateway polls a task once for any number of subscribers; in return tabs
 * would have to agree on a leader, survive its freezing in the background, and keep apart the data of different tokens.
 *
 * Where a WebSocket cannot be opened, the page follows its tasks over HTTP: see `followOverHttp`. Each reconnect tries a
 * WebSocket first, and a page without a stream tries one again now and then. Reconnects with back-off and jitter for as long as another attempt may help.
 *
 * @param {readonly string[]} ids
 * @param {string | null} token
 * @param {Handlers} handlers
 * @returns {() => void} ends it; no handler is called afterwards
 */
export function subscribe(ids, token, handlers) {
  const ended = new AbortController();
  void follow(ids, token, handlers, ended.signal);
  return () => ended.abort();
}

/**
 * @param {readonly string[]} ids
 * @param {string | null} token
 * @param {Handlers} handlers
 * @param {AbortSignal} signal
 */
async function follow(ids, token, handlers, signal) {
  let failures = 0;
  const listener = {
    ...handlers,
    open() {
      failures = 0;
      handlers.open();
    },
  };
  while (!signal.aborted) {
    const outcome = await attempt(ids, token, listener, signal);
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
 * @param {readonly string[]} ids
 * @param {string | null} token
 * @param {Listener} listener
 * @param {AbortSignal} signal
 * @returns {Promise<Outcome>}
 */
async function attempt(ids, token, listener, signal) {
  const reader = new StateReader(ids, token, listener, signal);
  while (!signal.aborted) {
    const outcome = await followSocket(subscriptionTo(ids), token, listener, signal);
    if (signal.aborted) break;
    if (outcome !== 'unopened') {
      upgrades.work = true;
      upgrades.failedInARow = 0;
      return outcome;
    }
    upgrades.failedInARow += 1;
    if (upgrades.work && upgrades.failedInARow < FAILED_UPGRADES) break;
    const overHttp = await followOverHttp(reader);
    if (overHttp !== null) return overHttp;
  }
  return 'lost';
}

/** Another attempt may succeed where this one was refused. @param {Refusal} refusal */
function passes({ status }) {
  return status < 400 || status === 408 || status === 429 || status >= 500;
}
