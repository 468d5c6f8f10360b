// @ts-check
import { createEventParser } from './event-stream.js';
import { createWatchdog } from './watchdog.js';

/**
 * @typedef {import('../page-types.js').Listener} Listener
 * @typedef {import('../page-types.js').Operation} Operation
 * @typedef {import('../page-types.js').Outcome} Outcome
 * @typedef {import('../page-types.js').Refusal} Refusal
 */

/** From the request to the response. */
const OPENING_MS = 8000;
/** The gateway writes a comment every 12 s, so one is overdue after this silence, and `DEAD_MS` later the stream is lost. */
const OVERDUE_MS = 15_000;
const DEAD_MS = 9000;

/**
 * One subscription over SSE, by GraphQL over SSE's distinct connections mode. A streamed `fetch` reads it, because
 * `EventSource` shows a page neither the heartbeats nor the status of a refusal, and sends no token.
 *
 * @param {Operation} operation
 * @param {string | null} token
 * @param {Listener} listener
 * @param {AbortSignal} signal
 * @returns {Promise<Outcome>}
 */
export async function followStream(operation, token, listener, signal) {
  const silence = new AbortController();
  const opening = setTimeout(() => silence.abort(), OPENING_MS);
  const watchdog = createWatchdog([
    { afterMs: OVERDUE_MS, act: () => listener.overdue() },
    { afterMs: DEAD_MS, act: () => silence.abort() },
  ]);
  try {
    const response = await post(operation, token, AbortSignal.any([signal, silence.signal]));
    clearTimeout(opening);
    if (!isStream(response)) return await refusalOf(response);
    watchdog.restart();
    listener.open();
    return await read(response, {
      ...listener,
      received() {
        watchdog.restart();
        listener.received();
      },
    });
  } catch {
    return silence.signal.aborted || signal.aborted ? 'lost' : { status: 0, code: null, retryAfterMs: 0 };
  } finally {
    clearTimeout(opening);
    watchdog.stop();
    silence.abort();
  }
}

/**
 * @param {Operation} operation
 * @param {string | null} token
 * @param {AbortSignal} signal
 */
function post(operation, token, signal) {
  return fetch(new URL('graphql', document.baseURI), {
    method: 'POST',
    headers: {
      accept: 'text/event-stream',
      'content-type': 'application/json',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(operation),
    cache: 'no-store',
    signal,
  });
}

/** @param {Response} response */
function isStream(response) {
  return response.ok && (response.headers.get('content-type') ?? '').startsWith('text/event-stream');
}

/**
 * @param {Response} response
 * @param {Listener} listener
 * @returns {Promise<Outcome>}
 */
async function read(response, listener) {
  let complete = false;
  const push = createEventParser(({ event, data }) => {
    if (complete) return;
    complete = event === 'complete' || (event === 'next' && listener.next(JSON.parse(data)) === true);
  });
  const texts = /** @type {ReadableStream} */ (response.body).pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    // A stream that breaks has been open, so it is lost and not refused.
    const { done, value } = await texts.read().catch(() => ({ done: true, value: '' }));
    if (done) return 'lost';
    listener.received();
    push(value);
    if (complete) return 'complete';
  }
}

/**
 * @param {Response} response
 * @returns {Promise<Refusal>}
 */
async function refusalOf(response) {
  const seconds = Number(response.headers.get('retry-after'));
  const body = await response.json().catch(() => null);
  return {
    status: response.status,
    code: body?.errors?.[0]?.extensions?.code ?? null,
    retryAfterMs: seconds > 0 ? seconds * 1000 : 0,
  };
}
