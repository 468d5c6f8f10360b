import { isIPv6 } from 'node:net';
import { HEADER_TOKEN } from '../text-patterns.ts';
import { parseAllowedOrigin } from './allowed-origin.ts';
import { parseRedisUrl } from './redis-url.ts';

/**
 * How one environment variable is read. A schema library (zod, valibot) is not used: each strict text format here would be
 * a custom check in it, and `allowed` and `secret` serve the messages, `--help` and the tests of the documents as well.
 */
export interface Variable<T> {
  /** The allowed values, in words that complete "must be …". */
  readonly allowed: string;
  /** The value when the variable is unset or empty. */
  readonly fallback: T;
  /** A secret's value appears in no message. */
  readonly secret: boolean;
  /** The value of a non-empty text, or undefined when it is not allowed. Never throws. */
  readonly parse: (text: string) => T | undefined;
}

const DIGITS = /^(?:0|[1-9]\d{0,15})$/;
const HOST_NAME = /^[A-Za-z0-9._-]+$/;

/** A whole number in decimal digits alone: no sign, exponent, prefix, space or leading zero. */
export function integer<F extends number | null>(fallback: F, min: number, max: number): Variable<number | F> {
  const parse = (text: string): number | undefined => {
    const value = DIGITS.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? value : undefined;
  };
  return { allowed: `a whole number from ${min} to ${max}`, fallback, secret: false, parse };
}

/** One word of a fixed list, in this very case. */
export function oneOf<const W extends string, F extends W | null>(fallback: F, words: readonly W[]): Variable<W | F> {
  const parse = (text: string): W | undefined => words.find((word) => word === text);
  return { allowed: `one of ${words.join(', ')}`, fallback, secret: false, parse };
}

/** `true` or `false`. */
export function toggle<F extends boolean | null>(fallback: F): Variable<boolean | F> {
  const parse = (text: string): boolean | undefined => (text === 'true' ? true : text === 'false' ? false : undefined);
  return { allowed: 'true or false', fallback, secret: false, parse };
}

/** Text that matches a pattern, as it is. */
export function text<F extends string | null>(fallback: F, allowed: string, pattern: RegExp): Variable<string | F> {
  const parse = (value: string): string | undefined => (pattern.test(value) ? value : undefined);
  return { allowed, fallback, secret: false, parse };
}

/** A host name, an IPv4 address, or an IPv6 address without brackets. */
export function hostName(fallback: string): Variable<string> {
  const parse = (value: string): string | undefined => (HOST_NAME.test(value) || isIPv6(value) ? value : undefined);
  return { allowed: 'a host name or IP address without a port or brackets', fallback, secret: false, parse };
}

/** Host names and IP addresses of a comma-separated list, in lower case, IPv6 without brackets; null: none is given. */
export function hostNameList(): Variable<readonly string[] | null> {
  const allowed = 'a comma-separated list of host names or IP addresses without ports';
  const parseItem = (item: string): string | undefined => {
    const name = item.toLowerCase().replace(/^\[(.*)\]$/, '$1');
    return HOST_NAME.test(name) || isIPv6(name) ? name : undefined;
  };
  return { allowed, fallback: null, secret: false, parse: (value) => list(value, parseItem) };
}

/** A secret that travels in an HTTP header: visible ASCII without spaces. */
export function headerToken(): Variable<string | null> {
  const allowed = 'printable ASCII characters without spaces';
  return { ...text(null, allowed, HEADER_TOKEN), secret: true };
}

/** Secrets of a comma-separated list; spaces around an item do not count, empty items are not allowed. */
export function secretList(): Variable<readonly string[]> {
  const allowed = 'a comma-separated list of non-empty secrets';
  return { allowed, fallback: [], secret: true, parse: (value) => list(value, (item) => item || undefined) };
}

/** The origin (scheme, host and port) of an http(s) URL that has no path, query or user. */
export function webOrigin(fallback: string): Variable<string> {
  const allowed = 'an http or https origin such as https://video.example.com';
  return { allowed, fallback, secret: false, parse: parseOrigin };
}

/** Origins that may call, as a comma-separated list without repetitions: see {@link parseAllowedOrigin}. */
export function allowedOriginList(): Variable<readonly string[]> {
  const allowed =
    'a comma-separated list of origins such as https://app.example.com, https://*.example.com or capacitor://localhost';
  const parse = (value: string): readonly string[] | undefined => {
    const origins = list(value, parseAllowedOrigin);
    return origins && [...new Set(origins)];
  };
  return { allowed, fallback: [], secret: false, parse };
}

/** An http(s) URL without a user, as it was written. */
export function webUrl(): Variable<string | null> {
  const parse = (value: string): string | undefined => {
    const parsed = parseWebUrl(value);
    return parsed && !hasUser(parsed) ? value : undefined;
  };
  return { allowed: 'an http or https URL without a user', fallback: null, secret: false, parse };
}

/** The http(s) URL of a proxy, which may have a user and a password. As in curl, `http://` may be missing. */
export function proxyUrl(): Variable<string | null> {
  const parse = (value: string): string | undefined => {
    const url = /^[^/]+:\/\//.test(value) ? value : `http://${value}`;
    return parseWebUrl(url) && url;
  };
  return { allowed: 'the http or https URL of a proxy, or its HOST:PORT', fallback: null, secret: false, parse };
}

/** The address of a Redis, of Sentinels or of a Redis Cluster, as it was written: see {@link parseRedisUrl}. */
export function redisUrl(): Variable<string | null> {
  const allowed = 'an address of the form redis://, redis+sentinel:// or redis+cluster:// (rediss for TLS)';
  return { allowed, fallback: null, secret: false, parse: (value) => (isRedisUrl(value) ? value : undefined) };
}

function isRedisUrl(value: string): boolean {
  try {
    parseRedisUrl(value);
    return true;
  } catch {
    return false;
  }
}

function list<T>(value: string, parseItem: (item: string) => T | undefined): readonly T[] | undefined {
  const items = value.split(',').map((item) => parseItem(item.trim()));
  return items.every((item) => item !== undefined) ? items : undefined;
}

function parseOrigin(value: string): string | undefined {
  const parsed = parseWebUrl(value);
  const bare = parsed && !hasUser(parsed) && parsed.pathname === '/' && !/[?#]/.test(value);
  return bare ? parsed.origin : undefined;
}

function parseWebUrl(value: string): URL | undefined {
  // URL.parse drops spaces and line breaks silently, and reads `https:host` as `https://host`.
  return (/^https?:\/\/[^\s\\]+$/i.test(value) && URL.parse(value)) || undefined;
}

function hasUser(parsed: URL): boolean {
  return parsed.username !== '' || parsed.password !== '';
}
