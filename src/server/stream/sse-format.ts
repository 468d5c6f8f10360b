import type { StreamFormat } from './stream-format.ts';

/**
 * GraphQL over SSE in distinct-connections mode: `next` events, then `complete`. Source: graphql-sse, PROTOCOL.md.
 */
export const SSE_FORMAT: StreamFormat = {
  name: 'sse',
  contentType: 'text/event-stream; charset=utf-8',
  opening: Buffer.from(':\n\n'),
  heartbeat: Buffer.from(':\n\n'),
  bytesOf: (result) => result.sseEvent,
  closing: (completion) =>
    `${completion ? `event: next\ndata: ${JSON.stringify({ errors: completion })}\n\n` : ''}event: complete\ndata:\n\n`,
};
