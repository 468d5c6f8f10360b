// @ts-check
import { createEventParser } from './event-stream.js';

/**
 * Why a stream could not be had: `status` 0 when nothing answered, 200 when the cause has passed by itself.
 * @typedef {{ status: number, code: string | null, retryAfterMs: number }} Refusal
 * @typedef {{ data?: Record<string, any> | null, errors?: Array<{ message: string, extensions?: Record<string, any> }> }} Result
 * @typedef {{
 *   next: (result: Result) => boolean | void,
 *   open: () => void,
 *   complete: () => void,
 *   interrupted: (refusal: Refusal | null, waitMs: number) => void,
 *   failed: (refusal: Refusal) => void,
 * }} Handlers `next` answers true when that was the last result worth waiting for; `interrupted` says that another
 *   attempt follows after `waitMs`; `complete` and `failed` are the end, and at most one of them comes.
 * @typedef {'complete' | 'lost' | Refusal} Outcome
 */

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

/**
 * One GraphQL subscription over SSE (distinct connections mode): with the browser's own EventSource, or, where a
 * token has to travel in a header, with a streamed fetch. Reconnects by itself for as long as that can help.
 *
 * @param {string} query
 * @param {Record<string, unknown>} variables
 * @param {string | null} token
 * @param {Handlers} handlers
 * @returns {() => void} ends it; no handler is called afterwards
 */
export function subscribe(query, variables, token, handlers) {
  const url = new URL('graphql', document.baseURI);
  url.search = new URLSearchParams({ query, variables: JSON.stringify(variables) }).toString();
  const ended = new AbortController();
  void follow(url, token, handlers, ended.signal);
  return () => ended.abort();
}

/**
 * @param {URL} url
 * @param {string | null} token
 * @param {Handlers} handlers
 * @param {AbortSignal} signal
 */
async function follow(url, token, handlers, signal) {
  let failures = 0;
  const watched = {
    ...handlers,
    open() {
      failures = 0;
      handlers.open();
    },
  };
  while (!signal.aborted) {
    const outcome = await (token === null ? listen(url, watched, signal) : read(url, token, watched, signal));
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

/** Another attempt may succeed where this one was refused. @param {Refusal} refusal */
function passes({ status }) {
  return status < 400 || status === 408 || status === 429 || status >= 500;
}

/**
 * @param {URL} url
 * @param {Handlers} handlers
 * @param {AbortSignal} signal
 * @returns {Promise<Outcome>}
 */
function listen(url, handlers, signal) {
  return new Promise((resolve) => {
    const source = new EventSource(url);
    /** @param {Outcome | Promise<Outcome>} outcome */
    const end = (outcome) => {
      source.close();
      signal.removeEventListener('abort', abort);
      resolve(outcome);
    };
    const abort = () => end('lost');
    signal.addEventListener('abort', abort);
    source.addEventListener('open', () => handlers.open());
    source.addEventListener('next', (event) => {
      if (handlers.next(JSON.parse(event.data))) end('complete');
    });
    source.addEventListener('complete', () => end('complete'));
    source.addEventListener('error', () => {
      if (source.readyState === EventSource.CONNECTING) handlers.interrupted(null, 0);
      // EventSource tells nothing of the answer that made it give up; one plain request does.
      if (source.readyState === EventSource.CLOSED) end(refusalOf(url, signal));
    });
  });
}

/**
 * @param {URL} url
 * @param {string} token
 * @param {Handlers} handlers
 * @param {AbortSignal} signal
 * @returns {Promise<Outcome>}
 */
async function read(url, token, handlers, signal) {
  let complete = false;
  const push = createEventParser(({ event, data }) => {
    if (signal.aborted || complete) return;
    complete = event === 'complete' || (event === 'next' && handlers.next(JSON.parse(data)) === true);
  });
  try {
    const response = await ask(url, signal, { authorization: `Bearer ${token}` });
    if (!isStream(response)) return await refusal(response);
    handlers.open();
    for await (const text of /** @type {ReadableStream} */ (response.body).pipeThrough(new TextDecoderStream())) {
      push(text);
      if (complete) return 'complete';
    }
    return 'lost';
  } catch {
    return 'lost';
  }
}

/**
 * @param {URL} url
 * @param {AbortSignal} signal
 * @returns {Promise<Refusal>}
 */
async function refusalOf(url, signal) {
  try {
    return await refusal(await ask(url, signal, {}));
  } catch {
    return { status: 0, code: null, retryAfterMs: 0 };
  }
}

/**
 * @param {URL} url
 * @param {AbortSignal} signal
 * @param {Record<string, string>} headers
 */
function ask(url, signal, headers) {
  return fetch(url, { headers: { accept: 'text/event-stream', ...headers }, cache: 'no-store', signal });
}

/** @param {Response} response */
function isStream(response) {
  return response.ok && (response.headers.get('content-type') ?? '').startsWith('text/event-stream');
}

/**
 * @param {Response} response
 * @returns {Promise<Refusal>}
 */
async function refusal(response) {
  const seconds = Number(response.headers.get('retry-after'));
  const known = { status: response.status, retryAfterMs: seconds > 0 ? seconds * 1000 : 0 };
  if (isStream(response)) {
    await response.body?.cancel();
    return { ...known, code: null };
  }
  const body = await response.json().catch(() => null);
  return { ...known, code: body?.errors?.[0]?.extensions?.code ?? null };
}

/**
 * @param {number} ms
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function pause(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
