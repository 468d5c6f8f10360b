/** One media range of an `Accept` header. */
export interface MediaRange {
  /** `type/subtype` in lower case; either may be `*`. */
  readonly type: string;
  /** `name=value` in lower case, without quotes. */
  readonly parameters: readonly string[];
  /** The client's preference, from 0 (not acceptable) to 1. */
  readonly weight: number;
}

/**
 * The media ranges of an `Accept` header, in the client's order. `negotiator` is not used: it drops the parameters of a
 * range, or lets any wildcard accept a stream, and a stream is for clients that name it.
 */
export function mediaRanges(accept: string): readonly MediaRange[] {
  return accept
    .split(',')
    .map(mediaRange)
    .filter(({ type }) => type !== '');
}

/** The media type that a client prefers of several. */
export interface Preference {
  readonly type: string;
  /** The range that accepts the type. */
  readonly range: MediaRange;
  /** Whether the range names the type; false: a wildcard accepts it. */
  readonly isNamed: boolean;
}

/**
 * The most preferred of some media types; null: the ranges accept none. The most specific range that matches a type has
 * its weight, and the weight 0 is not acceptable: RFC 9110, sections 12.4.2 and 12.5.1. Where weights are equal, a type
 * that is named comes before a wildcard's, then the client's order decides, and then the order of `types`.
 */
function preferenceOf(types: readonly string[], ranges: readonly MediaRange[]): Preference | null {
  const candidates = types.flatMap((type) => {
    const range = mostSpecific(type, ranges);
    return range && range.weight > 0 ? [{ type, range, isNamed: range.type === type }] : [];
  });
  const [first] = candidates.toSorted(
    (one, other) =>
      other.range.weight - one.range.weight ||
      Number(other.isNamed) - Number(one.isNamed) ||
      ranges.indexOf(one.range) - ranges.indexOf(other.range),
  );
  return first ?? null;
}

/** The media types of a GraphQL result in one piece. */
const JSON_TYPES: readonly string[] = ['application/json', 'application/graphql-response+json'];
const HTML = 'text/html';
const SERVED: readonly string[] = [HTML, ...JSON_TYPES, 'text/event-stream', 'multipart/mixed'];

/** The JSON media type that a client prefers for a result; null: it accepts none. An empty header accepts any. */
export function preferredJsonType(accept: string): string | null {
  if (accept.trim() === '') return 'application/json';
  return preferredJson(mediaRanges(accept))?.type ?? null;
}

/** The JSON media type that a client prefers for a result; null: the ranges accept none. */
export function preferredJson(ranges: readonly MediaRange[]): Preference | null {
  return preferenceOf(JSON_TYPES, ranges.filter(takesUtf8));
}

/** A media type that no processor of GraphQL Yoga serves, so that Yoga answers 406. */
const UNSERVED = 'application/x-not-acceptable';

/**
 * The one media type to ask GraphQL Yoga for, because Yoga ignores weights: JSON, else `multipart/mixed` where the client
 * names it, else a type that gets 406.
 */
export function yogaAccept(accept: string): string {
  const multipart = mediaRanges(accept).some(({ type, weight }) => type === 'multipart/mixed' && weight > 0);
  return preferredJsonType(accept) ?? (multipart ? 'multipart/mixed' : UNSERVED);
}

/** Whether a client prefers a page to a result, as a browser does that navigates to the address. */
export function prefersHtml(accept: string): boolean {
  return accept.toLowerCase().includes(HTML) && preferenceOf(SERVED, mediaRanges(accept))?.type === HTML;
}

function mostSpecific(type: string, ranges: readonly MediaRange[]): MediaRange | undefined {
  const patterns = [type, `${type.split('/')[0]}/*`, '*/*'];
  return patterns.map((pattern) => ranges.find((range) => range.type === pattern)).find((range) => range !== undefined);
}

function takesUtf8({ parameters }: MediaRange): boolean {
  return parameters.every((parameter) => !parameter.startsWith('charset=') || parameter === 'charset=utf-8');
}

function mediaRange(text: string): MediaRange {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase().replaceAll('"', ''));
  const weight = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1);
  return { type, parameters, weight };
}
