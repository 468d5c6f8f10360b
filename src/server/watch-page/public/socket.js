// @ts-check
import { createWatchdog } from './watchdog.js';

/**
 * @typedef {import('../page-types.js').Listener} Listener
 * @typedef {import('../page-types.js').Operation} Operation
 * @typedef {import('../page-types.js').Outcome | 'unopened'} SocketOutcome
 */

/** From the handshake to `connection_ack`. */
const OPENING_MS = 8000;
/** The page pings after this silence, because a browser does not show a page the pings of the gateway. */
const SILENCE_MS = 5000;
/** A `pong` is overdue after this time; after `DEAD_MS` more the connection counts as lost, 15 s after its last byte. */
const OVERDUE_MS = 3000;
const DEAD_MS = 7000;

/**
 * Close codes of graphql-transport-ws that are more than a lost connection, as HTTP statuses.
 * Source: graphql-ws, PROTOCOL.md.
 * @type {Record<number, number>}
 */
const STATUS_OF_CLOSE = { 1009: 413, 1013: 503, 4400: 400, 4401: 401, 4403: 401, 4406: 400, 4429: 429, 4500: 500 };

/**
 * One subscription over one WebSocket, by graphql-transport-ws. `unopened`: the gateway did not acknowledge the
 * connection; a browser does not show a page the reason.
 *
 * @param {Operation} operation
 * @param {string | null} token
 * @param {Listener} listener
 * @param {AbortSignal} signal
 * @returns {Promise<SocketOutcome>}
 */
export function followSocket(operation, token, listener, signal) {
  return new Promise((resolve) => {
    new SocketSubscription(operation, token, listener, signal, resolve);
  });
}

class SocketSubscription {
  /**
   * @param {Operation} operation
   * @param {string | null} token
   * @param {Listener} listener
   * @param {AbortSignal} signal
   * @param {(outcome: SocketOutcome) => void} resolve
   */
  constructor(operation, token, listener, signal, resolve) {
    this.operation = operation;
    this.listener = listener;
    this.acknowledged = false;
    this.socket = new WebSocket(socketUrl(), 'graphql-transport-ws');
    this.ended = new AbortController();
    this.opening = setTimeout(() => this.#end('unopened'), OPENING_MS);
    this.watchdog = createWatchdog([
      { afterMs: SILENCE_MS, act: () => this.#send({ type: 'ping' }) },
      { afterMs: OVERDUE_MS, act: () => listener.overdue() },
      { afterMs: DEAD_MS, act: () => this.#end('lost') },
    ]);
    this.resolve = resolve;
    const until = { signal: this.ended.signal };
    const payload = token === null ? {} : { Authorization: `Bearer ${token}` };
    signal.addEventListener('abort', () => this.#end('lost'), until);
    this.socket.addEventListener('open', () => this.#send({ type: 'connection_init', payload }), until);
    this.socket.addEventListener('message', ({ data }) => this.#receive(data), until);
    this.socket.addEventListener('close', ({ code }) => this.#closed(code), until);
  }

  /** @param {string} text */
  #receive(text) {
    this.watchdog.restart();
    this.listener.received();
    const { type, payload } = messageOf(text);
    if (type === null) this.#end('lost');
    if (type === 'ping') this.#send({ type: 'pong' });
    if (type === 'connection_ack') this.#begin();
    if (type === 'next' && this.listener.next(payload)) this.#end('complete');
    if (type === 'error') {
      this.listener.next({ errors: payload });
      this.#end('complete');
    }
    if (type === 'complete') this.#end('complete');
  }

  #begin() {
    clearTimeout(this.opening);
    this.acknowledged = true;
    this.listener.open();
    this.#send({ id: 'watch', type: 'subscribe', payload: this.operation });
  }

  /** @param {number} code */
  #closed(code) {
    const status = STATUS_OF_CLOSE[code];
    if (status !== undefined) this.#end({ status, code: null, retryAfterMs: 0 });
    else this.#end(this.acknowledged ? 'lost' : 'unopened');
  }

  /** @param {unknown} message */
  #send(message) {
    this.socket.send(JSON.stringify(message));
  }

  /** @param {SocketOutcome} outcome */
  #end(outcome) {
    clearTimeout(this.opening);
    this.watchdog.stop();
    this.ended.abort();
    this.socket.close();
    this.resolve(outcome);
  }
}

/**
 * @param {string} text
 * @returns {{ type: string | null, payload?: any }} `type` is null for a text that is no message
 */
function messageOf(text) {
  try {
    return JSON.parse(text) ?? { type: null };
  } catch {
    return { type: null };
  }
}

function socketUrl() {
  const url = new URL('graphql', document.baseURI);
  url.protocol = url.protocol.replace('http', 'ws');
  return url;
}
