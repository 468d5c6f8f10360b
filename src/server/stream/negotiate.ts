import type { IncomingMessage } from 'node:http';
import { type MediaRange, mediaRanges, preferredJson } from '../http/accept.ts';
import { MULTIPART_FORMAT } from './multipart-format.ts';
import { SSE_FORMAT } from './sse-format.ts';
import type { StreamFormat } from './stream-format.ts';

/** The stream that a request's `Accept` asks for. */
export interface NegotiatedStream {
  readonly format: StreamFormat;
  /** The media type for a query, which needs no stream; null: the client accepts the stream alone, or prefers it. */
  readonly json: string | null;
  /** Whether the client lists the stream before JSON. urql lists JSON first with a query, and a stream with each request. */
  readonly isFirstChoice: boolean;
}

/** A cheap check before the header is parsed, because nearly no `Accept` names a stream. */
const STREAMS = /event-stream|multipart/i;

/** The stream of results that a request asks for; null when it asks for none. */
export function negotiateStream({ headers }: IncomingMessage): NegotiatedStream | null {
  const { accept = '' } = headers;
  if (!STREAMS.test(accept)) return null;
  const ranges = mediaRanges(accept);
  // A stable sort: where weights are equal, the client's order decides.
  const [stream] = ranges
    .filter((range) => range.weight > 0 && formatOf(range) !== null)
    .toSorted((one, other) => other.weight - one.weight);
  const format = stream ? formatOf(stream) : null;
  if (!stream || !format) return null;
  const json = preferredJson(ranges);
  if (!json) return { format, json: null, isFirstChoice: true };
  const lead = json.range.weight - stream.weight;
  const isBefore = ranges.indexOf(json.range) < ranges.indexOf(stream);
  // Apollo's multipart protocol is for subscriptions alone, so there a query is JSON at any weight.
  const takesJson = format === MULTIPART_FORMAT || lead > 0 || (lead === 0 && json.isNamed);
  return {
    format,
    json: takesJson ? json.type : null,
    isFirstChoice: lead < 0 || (lead === 0 && !(json.isNamed && isBefore)),
  };
}

function formatOf({ type, parameters }: MediaRange): StreamFormat | null {
  if (type === 'text/event-stream') return SSE_FORMAT;
  return type === 'multipart/mixed' && parameters.includes('subscriptionspec=1.0') ? MULTIPART_FORMAT : null;
}
