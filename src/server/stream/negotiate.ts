import type { IncomingMessage } from 'node:http';
import { JSON_TYPES, type MediaRange, mediaRanges } from '../http/accept.ts';
import { MULTIPART_FORMAT } from './multipart-format.ts';
import { SSE_FORMAT } from './sse-format.ts';
import type { StreamFormat } from './stream-format.ts';

/** The stream that a request's `Accept` asks for. */
export interface NegotiatedStream {
  readonly format: StreamFormat;
  /** The media type for a query, which needs no stream; null: the client accepts the stream alone, or prefers it. */
  readonly json: string | null;
}

/** A cheap check before the header is parsed, because nearly no `Accept` names a stream. */
const STREAMS = /event-stream|multipart/i;

/** The stream of results that a request asks for; null when it asks for none. */
export function negotiateStream({ headers }: IncomingMessage): NegotiatedStream | null {
  const { accept = '' } = headers;
  if (!STREAMS.test(accept)) return null;
  // A stable sort: where weights are equal, the client's order decides.
  const ranges = mediaRanges(accept)
    .filter(({ weight }) => weight > 0)
    .toSorted((one, other) => other.weight - one.weight);
  const stream = ranges.find((range) => formatOf(range) !== null);
  const format = stream ? formatOf(stream) : null;
  if (!stream || !format) return null;
  // Apollo's multipart protocol is for subscriptions alone, so there a query is JSON at any weight.
  const least = format === SSE_FORMAT ? stream.weight : 0;
  const json = ranges.find(({ type, weight }) => JSON_TYPES.includes(type) && weight >= least);
  return { format, json: json?.type ?? null };
}

function formatOf({ type, parameters }: MediaRange): StreamFormat | null {
  if (type === 'text/event-stream') return SSE_FORMAT;
  return type === 'multipart/mixed' && parameters.includes('subscriptionspec=1.0') ? MULTIPART_FORMAT : null;
}
