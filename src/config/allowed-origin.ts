import { isIPv6 } from 'node:net';

/** Scheme, an optional wildcard label, host and port; a slash may end it. */
const SHAPE =
  /^(?<scheme>[a-z][a-z0-9+.-]*):\/\/(?<wildcard>\*\.)?(?<host>[^/?#\\\s@*,:[\]]+|\[[0-9a-f:.]+\])(?<port>:\d{1,5})?\/?$/i;
/** The host of an app's origin, such as `localhost`, an extension's id, or `.` (Electron). */
const APP_HOST = /^[a-z0-9._-]+$/;
/**
 * The origin of a page of a file in an app that lets files read files, such as Electron's: Chromium 156 sends `file://`
 * over WebSocket and HTTP. Without that permission it sends `null`, which is the origin of any sandboxed page too.
 */
const FILE = /^file:\/\/\/?$/i;
/**
 * Schemes that never stand in `Origin` with a host: the origin of `data:` and `file:` is opaque, a `blob:` page has the origin of its
 * creator, and no page has the others: WHATWG URL, section 4.7.
 */
const OPAQUE: ReadonlySet<string> = new Set(['about', 'blob', 'data', 'file', 'ftp', 'javascript', 'ws', 'wss']);

/**
 * One item of `CORS_ORIGINS` as a browser writes it in `Origin`, in lower case, perhaps with `*` as its first label; undefined when it
 * can match no origin. A scheme other than http(s) is an app's, such as `capacitor://localhost`.
 */
export function parseAllowedOrigin(text: string): string | undefined {
  if (FILE.test(text)) return 'file://';
  const parts = SHAPE.exec(text)?.groups;
  if (!parts) return undefined;
  const { scheme = '', wildcard = '', host = '', port = '' } = parts;
  const protocol = scheme.toLowerCase();
  if (OPAQUE.has(protocol) || (wildcard !== '' && /^[.[]/.test(host))) return undefined;
  if (protocol === 'http' || protocol === 'https') return webOrigin(protocol, wildcard, `${host}${port}`);
  const name = host.toLowerCase();
  if (!APP_HOST.test(name) && !isIPv6(name.slice(1, -1))) return undefined;
  return `${protocol}://${wildcard}${name}${port}`;
}

/** Stands in for `*.` while `URL` checks and normalises the rest. */
const LABEL = 'wildcard-label.';

function webOrigin(protocol: string, wildcard: string, host: string): string | undefined {
  const parsed = URL.parse(`${protocol}://${wildcard && LABEL}${host}`);
  return parsed?.origin.replace(`://${wildcard && LABEL}`, `://${wildcard}`);
}
