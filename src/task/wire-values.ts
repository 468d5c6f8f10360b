/** The longest text that a state may carry, in characters. */
const MAX_TEXT = 16_384;
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

/** A number from 0 to `max`. */
export function countWithin(value: unknown, max: number): number {
  return within(value, 0, max);
}

/** A number from `min` to `max`. */
export function within(value: unknown, min: number, max: number): number {
  if (typeof value !== 'number' || !(value >= min && value <= max)) throw new TypeError('not a number in range');
  return value;
}

/** A text of bounded length. */
export function text(value: unknown): string {
  if (typeof value !== 'string' || value.length > MAX_TEXT) throw new TypeError('not a text');
  return value;
}

/** An absolute http(s) URL. */
export function webUrl(value: unknown): string {
  const url = text(value);
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) throw new TypeError('not a web URL');
  return url;
}

/** An object, copied so that a key such as `__proto__` has no effect. */
export function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw new TypeError('not an object');
  return { ...value };
}
