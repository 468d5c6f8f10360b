// @ts-check

/** @typedef {{ event: string, data: string }} StreamEvent */

/**
 * Reads server-sent events out of text that arrives in arbitrary pieces, by the rules of the HTML standard
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation) as far as GraphQL
 * over SSE uses them: `event` and `data` fields, comments as keep-alive, LF, CR or CRLF at line ends.
 *
 * @param {(event: StreamEvent) => void} emit
 * @returns {(text: string) => void} takes the next piece
 */
export function createEventParser(emit) {
  let rest = '';
  let event = '';
  /** @type {string[]} */
  let data = [];

  /** @param {string} line */
  function take(line) {
    if (line === '') {
      if (data.length > 0) emit({ event: event || 'message', data: data.join('\n') });
      event = '';
      data = [];
      return;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') event = value;
    if (field === 'data') data.push(value);
  }

  return (text) => {
    rest += text;
    // A CR that ends the piece may be the first half of a CRLF: it waits for the next piece.
    const whole = rest.endsWith('\r') ? rest.slice(0, -1) : rest;
    const lines = whole.split(/\r\n|\r|\n/);
    rest = (lines.pop() ?? '') + rest.slice(whole.length);
    for (const line of lines) take(line);
  };
}
