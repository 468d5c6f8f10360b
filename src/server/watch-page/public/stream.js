// @ts-check
import { createEventParser } from './event-stream.js';
import { isOf, post, refusalOf } from './request.js';
import { createWatchdog } from './watchdog.js';

/**
 * @typedef {import('../page-types.js').Listener} Listener
 * @typedef {import('../page-types.js').Operation} Operation
 * @typedef {import('../page-types.js').Outcome} Outcome
 */

const STREAM = 'text/event-stream';
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
    const response = await post(operation, STREAM, token, AbortSignal.any([signal, silence.signal]));
    clearTimeout(opening);
    if (!isOf(response, STREAM)) return await refusalOf(response);
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
