/** One host and port. */
export interface RedisEndpoint {
  readonly host: string;
  readonly port: number;
}

/** User name and password of one kind of server; without a password none are sent. */
export interface RedisCredentials {
  readonly username?: string;
  readonly password?: string;
}

/** Where Redis is, parsed from `REDIS_URL`. */
export interface RedisTarget {
  readonly kind: 'single' | 'sentinel' | 'cluster';
  /** The server, the sentinels, or some nodes of the Redis Cluster. */
  readonly endpoints: readonly [RedisEndpoint, ...RedisEndpoint[]];
  readonly tls: boolean;
  readonly credentials: RedisCredentials;
  /** Number of the database; always 0 in a Redis Cluster, which has no other. */
  readonly database: number;
  /** The name the sentinels watch the master by; empty for the other kinds. */
  readonly masterName: string;
  /** For the sentinels themselves. */
  readonly sentinelCredentials: RedisCredentials;
}

const SHAPE =
  /^redis(?<tls>s?)(?:\+(?<kind>sentinel|cluster))?:\/\/(?:(?<user>[^@/]*)@)?(?<hosts>[^/?#]+)(?:\/(?<path>[^?#]*))?(?:\?(?<query>[^#]*))?$/;
const HOST = /^(?<host>\[[0-9a-fA-F:.]+\]|[^:[\]\s]+)(?::(?<port>\d{1,5}))?$/;

/**
 * Reads a Redis address. Throws a `TypeError` that does not repeat the address, since it may hold a password.
 *
 * | form | meaning |
 * | --- | --- |
 * | `redis://[[user]:password@]host[:port][/database]` | one server (Redis or Valkey); port 6379 |
 * | `redis+sentinel://[[user]:password@]host[:port],host[:port]…/master-name[/database]` | the master that these sentinels name; port 26379. The credentials are the master's; `?sentinel-username=…&sentinel-password=…` adds the sentinels' own |
 * | `redis+cluster://[[user]:password@]host[:port],host[:port]…` | a Redis Cluster, found through any of these nodes; port 6379 |
 *
 * `rediss` in place of `redis` means TLS, for the sentinels too. Reserved characters in credentials are %-encoded.
 */
export function parseRedisUrl(url: string): RedisTarget {
  const parts = SHAPE.exec(url)?.groups;
  if (!parts) throw new TypeError('not an address of the form redis://, redis+sentinel:// or redis+cluster://');
  const kind = parts['kind'] === 'sentinel' || parts['kind'] === 'cluster' ? parts['kind'] : 'single';
  const hosts = (parts['hosts'] ?? '')
    .split(',')
    .map((host) => parseEndpoint(host, kind === 'sentinel' ? 26379 : 6379));
  const [first, ...others] = hosts;
  if (!first || (kind === 'single' && others.length > 0)) throw new TypeError('redis:// takes exactly one host');
  const path = (parts['path'] ?? '').split('/').map(decode);
  const masterName = kind === 'sentinel' ? (path.shift() ?? '') : '';
  if (kind === 'sentinel' && masterName === '')
    throw new TypeError('redis+sentinel:// needs the name of the master as its path');
  const query = new URLSearchParams(parts['query'] ?? '');
  const [user = '', password = ''] = splitOnce(parts['user'] ?? '', ':').map(decode);
  return {
    kind,
    endpoints: [first, ...others],
    tls: parts['tls'] === 's',
    credentials: credentials(user, password),
    database: parseDatabase(path.join('/'), kind),
    masterName,
    sentinelCredentials: credentials(query.get('sentinel-username') ?? '', query.get('sentinel-password') ?? ''),
  };
}

function parseEndpoint(text: string, defaultPort: number): RedisEndpoint {
  const groups = HOST.exec(text)?.groups;
  const port = Number(groups?.['port'] ?? defaultPort);
  if (!groups?.['host'] || port < 1 || port > 65_535) throw new TypeError('every host is written host or host:port');
  return { host: groups['host'].replace(/^\[|\]$/g, ''), port };
}

function parseDatabase(text: string, kind: RedisTarget['kind']): number {
  if (text === '') return 0;
  if (!/^\d{1,5}$/.test(text) || (kind === 'cluster' && text !== '0'))
    throw new TypeError('the database is a number, and a Redis Cluster has only 0');
  return Number(text);
}

function credentials(username: string, password: string): RedisCredentials {
  return { ...(username === '' ? {} : { username }), ...(password === '' ? {} : { password }) };
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new TypeError('a part of the address is not properly %-encoded');
  }
}
