import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

interface StreamEvent {
  event: string;
  data: string;
}
const { createEventParser } = (await import(
  new URL('../../../src/server/watch-page/public/event-stream.js', import.meta.url).href
)) as { createEventParser(emit: (event: StreamEvent) => void): (text: string) => void };

function parse(...pieces: string[]): StreamEvent[] {
  const events: StreamEvent[] = [];
  const push = createEventParser((event) => events.push(event));
  for (const piece of pieces) push(piece);
  return events;
}

const STREAM =
  ':\r\n\r\nevent: next\r\ndata: {"a":1}\r\n\r\n: ping\n\nevent:next\ndata:{"b":\ndata: 2}\n\nevent: complete\ndata:\n\n';
const EVENTS = [
  { event: 'next', data: '{"a":1}' },
  { event: 'next', data: '{"b":\n2}' },
  { event: 'complete', data: '' },
];

describe('reading an event stream', () => {
  it('reads next and complete, and skips comments', () => {
    expect(parse(STREAM)).toEqual(EVENTS);
  });

  it('does not depend on how the text is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: STREAM.length })), (cuts) => {
        const ends = [...cuts, STREAM.length].sort((a, b) => a - b);
        expect(parse(...ends.map((end, index) => STREAM.slice(ends[index - 1] ?? 0, end)))).toEqual(EVENTS);
      }),
    );
  });

  it('emits no event without data or without its end', () => {
    expect(parse('event: complete\n\n', 'event: next\ndata: {}\n')).toEqual([]);
    expect(parse('data: x\n\n', 'id: 7\nretry: 10\ndata\n\n')).toEqual([
      { event: 'message', data: 'x' },
      { event: 'message', data: '' },
    ]);
  });
});
