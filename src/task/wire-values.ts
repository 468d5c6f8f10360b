import { TEXT_LIMITS } from './video-task.ts';

/** The last moment that a `Date` can hold, in ms since the epoch (ECMA-262, "Time Values and Time Range"). */
const LAST_MOMENT = 8.64e15;

/** null for null and undefined, else the decoded value. */
export function nullable<T>(value: unknown, decode: (value: unknown) => T): T | null {
  return value === null || value === undefined ? null : decode(value);
}

/** An instant in ms since the epoch. Throws a `TypeError` at any other value, as every function here does. */
export function moment(value: unknown): number {
  return within(value, -LAST_MOMENT, LAST_MOMENT);
}

/** A whole number from 0 to `max`. */
export function countWithin(value: unknown, max: number): number {
  return within(value, 0, max);
}

/** A whole number from `min` to `max`. */
export function within(value: unknown, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max)
    throw new TypeError('not a whole number in range');
  return value;
}

/** A duration in ms, no longer than `max`: a longer one counts as `max`. Throws at a negative one. */
export function durationUpTo(value: unknown, max: number): number {
  if (typeof value !== 'number' || !(value >= 0)) throw new TypeError('not a duration');
  return Math.min(value, max);
}

/** A text of at most `max` UTF-16 code units. */
export function text(value: unknown, max: number = TEXT_LIMITS.message): string {
  if (typeof value !== 'string' || value.length > max) throw new TypeError('not a text');
  return value;
}

/** An id or a short word. */
export function word(value: unknown): string {
  return text(value, TEXT_LIMITS.word);
}

/** An absolute http(s) URL. */
export function webUrl(value: unknown): string {
  const url = text(value, TEXT_LIMITS.url);
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) throw new TypeError('not a web URL');
  return url;
}

/** An object, copied so that a key such as `__proto__` has no effect. */
export function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw new TypeError('not an object');
  return { ...value };
}
