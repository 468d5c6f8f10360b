import type { IncomingMessage } from 'node:http';
import type { EncodedResult } from '../../live/encoded-result.ts';
import type { Completion } from '../../live/subscriber.ts';
import { type MediaRange, mediaRanges } from '../http/accept.ts';
import { MULTIPART_FORMAT } from './multipart-format.ts';
import { SSE_FORMAT } from './sse-format.ts';

/** How results are written into one endless HTTP response. */
export interface StreamFormat {
  readonly contentType: string;
  /** Written at once, before any result. */
  readonly opening: Buffer;
  /** Written now and then, so that proxies and clients know the stream lives. */
  readonly heartbeat: Buffer;
  /** The bytes of a result: the same for all clients. */
  bytesOf(frame: EncodedResult): Buffer;
  /** The last bytes. */
  closing(how: Completion): string;
}

/** What a request's `Accept` asks for. */
export interface NegotiatedStream {
  readonly format: StreamFormat;
  /** The media type to answer a query with, which needs no stream; null: the client takes nothing but the stream. */
  readonly json: string | null;
}

const JSON_TYPES: readonly string[] = ['application/graphql-response+json', 'application/json'];

/** What names a stream; nearly every other `Accept` does not. */
const STREAMS = /event-stream|multipart/i;

/** Whether, and how, a request asks for a stream of results; null: it does not. */
export function negotiateStream({ headers }: IncomingMessage): NegotiatedStream | null {
  const { accept = '' } = headers;
  if (!STREAMS.test(accept)) return null;
  const ranges = mediaRanges(accept);
  const format = ranges.map(formatOf).find((found) => found !== null);
  if (!format) return null;
  return { format, json: ranges.map(({ type }) => type).find((type) => JSON_TYPES.includes(type)) ?? null };
}

function formatOf({ type, parameters }: MediaRange): StreamFormat | null {
  if (type === 'text/event-stream') return SSE_FORMAT;
  return type === 'multipart/mixed' && parameters.includes('subscriptionspec=1.0') ? MULTIPART_FORMAT : null;
}
