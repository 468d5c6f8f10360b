/** One media range of an `Accept` header: RFC 9110, section 12.5.1. */
export interface MediaRange {
  /** In lower case, such as `text/html`. */
  readonly type: string;
  /** In lower case, without quotation marks, such as `subscriptionspec=1.0`. */
  readonly parameters: readonly string[];
  /** The client's preference, 0 to 1: RFC 9110, section 12.4.2. */
  readonly weight: number;
}

/** The ranges that a client accepts, the most wanted first, and those of equal weight in the order they were written. */
export function mediaRanges(accept: string): readonly MediaRange[] {
  return accept
    .split(',')
    .map(mediaRange)
    .filter(({ weight }) => weight > 0)
    .toSorted((one, other) => other.weight - one.weight);
}

function mediaRange(text: string): MediaRange {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase().replaceAll('"', ''));
  const weight = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1);
  return { type, parameters, weight };
}
