import { TEXT_LIMITS } from '../task/video-task.ts';

/**
 * Decoders of single fields of A2E's JSON, so that an invalid value costs its own field only. Every function accepts a
 * value of any type and returns null for an invalid one.
 */

const INT_32_MAX = 2 ** 31 - 1;
const INT_32_MIN = -(2 ** 31);
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)$/;
const CHINA_TIME = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/;
/** Date, time, and zone: `Z`, or hours and minutes. `Date.parse` alone also reads other formats, and days such as February 30. */
const INSTANT =
  /^(\d{4}-\d{2}-\d{2})[T ]((?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?)(?:Z|([+-](?:[01]\d|2[0-3])):?([0-5]\d)?)$/i;
/** The instants that RFC 3339 can write: years 0000 to 9999. */
const EARLIEST = Date.parse('0000-01-01T00:00:00Z');
const LATEST = Date.parse('9999-12-31T23:59:59.999Z');

/** A string that is more than white space, or a number as text (A2E writes ids and `anchor_type` either way). */
export function text(value: unknown): string | null {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : null;
  return typeof value === 'string' && value.trim() !== '' ? value : null;
}

/** An id or a short word: a {@link text} within the limit, because the beginning of an id is another id. */
export function word(value: unknown): string | null {
  const whole = text(value);
  return whole !== null && whole.length <= TEXT_LIMITS.word ? whole : null;
}

/** A longer text cut to `length` UTF-16 code units, without white space before it or half a surrogate pair at its end. */
export function cut(value: string, length: number): string {
  if (value.length <= length) return value;
  return value
    .trimStart()
    .slice(0, length)
    .replace(/[\uD800-\uDBFF]$/, '');
}

/** A number or a decimal string, rounded; null when it does not fit GraphQL's 32-bit `Int`. */
export function int(value: unknown): number | null {
  const number = typeof value === 'string' && DECIMAL.test(value.trim()) ? Number(value) : value;
  if (typeof number !== 'number' || Number.isNaN(number)) return null;
  const rounded = Math.round(number);
  if (rounded < INT_32_MIN || rounded > INT_32_MAX) return null;
  return rounded === 0 ? 0 : rounded;
}

/** A percentage: an {@link int} moved into 0 to 100. */
export function percentage(value: unknown): number | null {
  const number = int(value);
  return number === null ? null : Math.min(100, Math.max(0, number));
}

/**
 * An absolute http(s) URL within the limit, normalised. Other schemes (`javascript:`, `data:`) become null, because a
 * browser runs them. The limit counts twice, because normalising escapes characters and makes a URL longer.
 */
export function webUrl(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > TEXT_LIMITS.url) return null;
  const url = URL.parse(value);
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:';
  return isWeb && url.href.length <= TEXT_LIMITS.url ? url.href : null;
}

/** An ISO 8601 date and time with its zone, in ms since the epoch. `Temporal` would parse it, from Node 26 on. */
export function instant(value: unknown): number | null {
  const [, date = '', time = '', hours, minutes = '00'] = (typeof value === 'string' && INSTANT.exec(value)) || [];
  if (!isCalendarDate(date)) return null;
  const ms = Date.parse(`${date}T${time}${hours === undefined ? 'Z' : `${hours}:${minutes}`}`);
  return ms >= EARLIEST && ms <= LATEST ? ms : null;
}

/** An instant that is already in ms since the epoch, rounded; null outside the years of {@link instant}. */
export function moment(value: unknown): number | null {
  if (typeof value !== 'number') return null;
  const ms = Math.round(value);
  return ms >= EARLIEST && ms <= LATEST ? ms : null;
}

/**
 * `YYYY-MM-DD HH:mm:ss` without a zone, meant in UTC+8, in ms since the epoch. The zone is inferred from the vendor's
 * own sample, where `current_date` minus `createdAt` is `diff_s` only in UTC+8.
 */
export function chinaTime(value: unknown): number | null {
  return typeof value === 'string' && CHINA_TIME.test(value) ? instant(`${value}+08:00`) : null;
}

/** Whether a `YYYY-MM-DD` names a day of the calendar: `Date` takes February 30 for March 2. */
function isCalendarDate(date: string): boolean {
  return new Date(`${date}T00:00:00Z`).getUTCDate() === Number(date.slice(8));
}
