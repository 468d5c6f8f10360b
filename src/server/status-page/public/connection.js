// @ts-check

/**
 * @typedef {{
 *   history: (data: any) => void,
 *   sample: (data: any) => void,
 *   lost: () => void,
 * }} Listener `lost` is called when the stream breaks or falls silent; the next event is a history
 */

/** Two attempts are this far apart, in ms. */
const RETRY_MS = 2_000;
/** A stream without an event for so many periods is lost. */
const SILENT_PERIODS = 3;
/** Until the first event, in ms. */
const FIRST_EVENT_MS = 15_000;

/**
 * Follows the event stream and connects again for ever. A page in the background has no connection, because a browser opens
 * only six to one host.
 * @param {string} url
 * @param {Listener} listener
 */
export function follow(url, listener) {
  /** @type {EventSource | null} */
  let source = null;
  let silence = 0;
  let retry = 0;
  let silenceMs = FIRST_EVENT_MS;

  function close() {
    clearTimeout(silence);
    clearTimeout(retry);
    source?.close();
    source = null;
  }

  function lose() {
    close();
    listener.lost();
    retry = setTimeout(open, RETRY_MS);
  }

  function heard() {
    clearTimeout(silence);
    silence = setTimeout(lose, silenceMs);
  }

  function open() {
    close();
    const opened = new EventSource(url);
    source = opened;
    opened.addEventListener('error', lose);
    opened.addEventListener('history', ({ data }) => {
      const history = JSON.parse(data);
      silenceMs = Math.max(RETRY_MS, history.every * 1000 * SILENT_PERIODS);
      heard();
      listener.history(history);
    });
    opened.addEventListener('sample', ({ data }) => {
      heard();
      listener.sample(JSON.parse(data));
    });
    silence = setTimeout(lose, FIRST_EVENT_MS);
  }

  document.addEventListener('visibilitychange', () => (document.hidden ? close() : open()));
  if (!document.hidden) open();
}
