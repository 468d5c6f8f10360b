const SHORTEST_MS = 1000;
const LONGEST_MS = 5 * 60 * 1000;
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** A header of a response; a list where it came several times. */
type Header = string | string[] | undefined;

/**
 * Parses `Retry-After` (RFC 9110, 10.2.3): seconds or an HTTP-date. Returns the delay in ms, clamped to 1 s to 5 min, or
 * null if the header is absent or invalid. An HTTP-date counts from the `Date` of the same response, so that the clocks of
 * the sender and of the gateway may differ; from `now` where the response has none.
 */
export function parseRetryAfter(header: Header, date?: Header, now: number = Date.now()): number | null {
  const value = firstOf(header);
  const until = instantOf(value);
  if (until !== null) return clamped(until - (instantOf(firstOf(date)) ?? now));
  return /^\d+$/.test(value) ? clamped(Number(value) * 1000) : null;
}

function clamped(ms: number): number {
  return Math.min(LONGEST_MS, Math.max(SHORTEST_MS, ms));
}

function firstOf(header: Header): string {
  return (Array.isArray(header) ? header[0] : header)?.trim() ?? '';
}

/** The instant of an HTTP-date, in ms since the epoch; null: it is none. */
function instantOf(value: string): number | null {
  const instant = HTTP_DATE.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(instant) ? null : instant;
}
