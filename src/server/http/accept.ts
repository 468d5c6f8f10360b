/** One media range of an `Accept` header. */
export interface MediaRange {
  /** `type/subtype` in lower case; either may be `*`. */
  readonly type: string;
  /** `name=value` in lower case, without quotes. */
  readonly parameters: readonly string[];
  /** The client's preference, above 0 and up to 1. */
  readonly weight: number;
}

/**
 * The acceptable media ranges of an `Accept` header, most preferred first, in the client's order where the weights are
 * equal. A range with the weight 0 is not acceptable: RFC 9110, section 12.4.2. `negotiator` is not used: it drops the
 * parameters of a range, or lets any wildcard accept a stream, and a stream is for clients that name it.
 */
export function mediaRanges(accept: string): readonly MediaRange[] {
  return accept
    .split(',')
    .map(mediaRange)
    .filter(({ type, weight }) => type !== '' && weight > 0)
    .toSorted((one, other) => other.weight - one.weight);
}

/** The media types of a GraphQL result in one piece. */
export const JSON_TYPES: readonly string[] = ['application/json', 'application/graphql-response+json'];
const HTML = 'text/html';
const SERVED: ReadonlySet<string> = new Set([HTML, ...JSON_TYPES, 'text/event-stream', 'multipart/mixed']);

/** The JSON media type that a client prefers for a result; null: it accepts none. An empty header accepts any. */
export function preferredJsonType(accept: string): string | null {
  if (accept.trim() === '') return 'application/json';
  for (const { type, parameters } of mediaRanges(accept)) {
    if (parameters.some((parameter) => parameter.startsWith('charset=') && parameter !== 'charset=utf-8')) continue;
    if (JSON_TYPES.includes(type)) return type;
    if (type === '*/*' || type === 'application/*') return JSON_TYPES.find((json) => !isExcluded(json, accept)) ?? null;
  }
  return null;
}

/** Whether a client prefers a page to a result, as a browser does that navigates to the address. */
export function prefersHtml(accept: string): boolean {
  if (!accept.toLowerCase().includes(HTML)) return false;
  return mediaRanges(accept).find(({ type }) => SERVED.has(type))?.type === HTML;
}

function isExcluded(type: string, accept: string): boolean {
  return accept.split(',').some((text) => {
    const range = mediaRange(text);
    return range.type === type && range.weight === 0;
  });
}

function mediaRange(text: string): MediaRange {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase().replaceAll('"', ''));
  const weight = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1);
  return { type, parameters, weight };
}
