import type { Framing } from './framing.ts';

/**
 * GraphQL over SSE in distinct-connections mode: `next` events, then `complete`. Source: graphql-sse, PROTOCOL.md.
 */
export const SSE_FRAMING: Framing = {
  contentType: 'text/event-stream; charset=utf-8',
  opening: Buffer.from(':\n\n'),
  heartbeat: Buffer.from(':\n\n'),
  bytesOf: (frame) => frame.event,
  closing: (how) =>
    `${how ? `event: next\ndata: ${JSON.stringify({ errors: how })}\n\n` : ''}event: complete\ndata:\n\n`,
};
