import { ConfigError, type ConfigIssue, redactedValue } from './config/issue.ts';
import { allowedHosts, authMode, maxIntervalMs, rules } from './config/rules.ts';
import type { Variable } from './config/variable.ts';
import { LOWER_CASE_TOO, type Values, variables } from './config/variables.ts';

export { ConfigError } from './config/issue.ts';

/** Everything the gateway can be told, checked and deep-frozen. Names that end in `Ms` are milliseconds. */
export interface Config {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** The port of the second listener, 0 for a free one; null: there is none. */
  readonly adminPort: number | null;
  readonly upstream: {
    /** Scheme, host and port, without a slash at the end. */
    readonly origin: string;
    /** The gateway's own bearer token. Never null in `open` and `jwt`, unless the source of tasks needs none. */
    readonly token: string | null;
    /** For one whole call, connect to last byte. */
    readonly timeoutMs: number;
    readonly maxConcurrency: number;
    /** Calls per second; null: unlimited. */
    readonly maxRps: number | null;
  };
  readonly poll: {
    readonly intervalMs: number;
    /** Never below `intervalMs`. */
    readonly maxIntervalMs: number;
    readonly lingerMs: number;
    readonly firstAnswerTimeoutMs: number;
  };
  readonly auth: {
    readonly mode: 'open' | 'jwt' | 'passthrough';
    /** HS256 secrets, any of which may have signed a token. In `jwt` there is at least one, or `jwksUrl`. */
    readonly jwtSecrets: readonly string[];
    readonly jwksUrl: string | null;
    readonly jwtIssuer: string | null;
    readonly jwtAudience: string | null;
  };
  /** null: this process is alone. */
  readonly redis: { readonly url: string; readonly prefix: string } | null;
  readonly http: {
    /** As a browser writes them in `Origin`; the first label of a host may be `*`. */
    readonly corsOrigins: readonly string[];
    readonly graphiql: boolean;
    readonly introspection: boolean;
    /** The schema has what a Federation router asks for. */
    readonly subgraph: boolean;
    /** Path of the persisted-documents JSON; null: any document may be executed. */
    readonly trustedDocuments: string | null;
    readonly trustProxy: boolean;
    /** Names in `Host` that are served, in lower case and without brackets; null: any. */
    readonly allowedHosts: readonly string[] | null;
    /** null: there is no webhook. */
    readonly webhookToken: string | null;
  };
  readonly limits: {
    readonly subscriptionsPerConnection: number;
    readonly connections: number;
    /** null: unlimited. */
    readonly connectionsPerAddress: number | null;
    /** Per caller; null: unlimited. */
    readonly operationsPerSecond: number | null;
    readonly depth: number;
    readonly aliases: number;
    readonly rootFields: number;
    readonly directives: number;
    readonly tokens: number;
    readonly bodyBytes: number;
    readonly ids: number;
  };
  readonly shutdownGraceMs: number;
  /** The way out to A2E and the key set; null: straight. */
  readonly proxy: {
    readonly http: string | null;
    readonly https: string | null;
    readonly bypass: string | null;
  } | null;
  /** Where a process of the gateway's own sends traces; null: nowhere. */
  readonly otlpEndpoint: string | null;
  /** A level of pino, or `silent`. */
  readonly logLevel: string;
}

/** An environment: `process.env`, or any record in its place. An empty string counts as unset. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface LoadConfigOptions {
  /** false: the source of tasks needs no token, so `AUTH_MODE=open` and `jwt` go without `A2E_API_TOKEN`. */
  readonly needsToken?: boolean;
}

/** Reads the configuration from an environment. Throws one {@link ConfigError} with all issues, and no other error. */
export function loadConfig(env: Environment, { needsToken = true }: LoadConfigOptions = {}): Config {
  const issues: ConfigIssue[] = [];
  const values = readValues(env, issues);
  const rejected = new Set(issues.map(({ name }) => name));
  for (const { name, reads, holds, requirement } of rules) {
    if (reads.some((read) => rejected.has(read)) || holds(values, { needsToken })) continue;
    issues.push({ name, shown: redactedValue(env[name], variables[name].secret), requirement: requirement(values) });
  }
  if (issues.length > 0) throw new ConfigError(issues);
  return deepFreeze(toConfig(values, env['NODE_ENV'] !== 'production'));
}

function readValues(env: Environment, issues: ConfigIssue[]): Values {
  const read = ([name, variable]: [string, Variable<unknown>]): [string, unknown] => {
    const readName = nameIn(env, name);
    const raw = env[readName];
    if (raw === undefined || raw === '') return [name, variable.fallback];
    const value = variable.parse(raw);
    if (value !== undefined) return [name, value];
    issues.push({ name: readName, shown: redactedValue(raw, variable.secret), requirement: `be ${variable.allowed}` });
    return [name, variable.fallback];
  };
  return Object.fromEntries(Object.entries<Variable<unknown>>(variables).map(read)) as Values;
}

/** The form of the name that this environment has. */
function nameIn(env: Environment, name: string): string {
  const lowerCase = name.toLowerCase();
  return LOWER_CASE_TOO.has(name) && env[lowerCase] ? lowerCase : name;
}

function toConfig(v: Values, development: boolean): Config {
  return {
    host: v.HOST,
    port: v.PORT,
    adminPort: v.ADMIN_PORT,
    upstream: {
      origin: v.A2E_API_URL,
      token: v.A2E_API_TOKEN,
      timeoutMs: v.UPSTREAM_TIMEOUT_MS,
      maxConcurrency: v.UPSTREAM_MAX_CONCURRENCY,
      maxRps: v.UPSTREAM_MAX_RPS,
    },
    poll: {
      intervalMs: v.POLL_INTERVAL_MS,
      maxIntervalMs: maxIntervalMs(v),
      lingerMs: v.POLL_LINGER_MS,
      firstAnswerTimeoutMs: v.FIRST_ANSWER_TIMEOUT_MS,
    },
    auth: {
      mode: authMode(v),
      jwtSecrets: v.AUTH_JWT_SECRET,
      jwksUrl: v.AUTH_JWKS_URL,
      jwtIssuer: v.AUTH_JWT_ISSUER,
      jwtAudience: v.AUTH_JWT_AUDIENCE,
    },
    redis: v.REDIS_URL === null ? null : { url: v.REDIS_URL, prefix: v.REDIS_PREFIX },
    http: toHttp(v, development),
    limits: toLimits(v),
    shutdownGraceMs: v.SHUTDOWN_GRACE_MS,
    proxy:
      v.HTTP_PROXY === null && v.HTTPS_PROXY === null
        ? null
        : { http: v.HTTP_PROXY, https: v.HTTPS_PROXY, bypass: v.NO_PROXY },
    otlpEndpoint: v.OTEL_EXPORTER_OTLP_ENDPOINT,
    logLevel: v.LOG_LEVEL,
  };
}

function toHttp(v: Values, development: boolean): Config['http'] {
  return {
    corsOrigins: v.CORS_ORIGINS,
    graphiql: v.GRAPHIQL ?? development,
    introspection: v.INTROSPECTION ?? development,
    subgraph: v.SUBGRAPH,
    trustedDocuments: v.TRUSTED_DOCUMENTS,
    trustProxy: v.TRUST_PROXY,
    allowedHosts: allowedHosts(v),
    webhookToken: v.WEBHOOK_TOKEN,
  };
}

function toLimits(v: Values): Config['limits'] {
  return {
    subscriptionsPerConnection: v.MAX_SUBSCRIPTIONS_PER_CONNECTION,
    connections: v.MAX_CONNECTIONS,
    connectionsPerAddress: v.MAX_CONNECTIONS_PER_ADDRESS,
    operationsPerSecond: v.MAX_OPERATIONS_PER_SECOND,
    depth: v.MAX_DEPTH,
    aliases: v.MAX_ALIASES,
    rootFields: v.MAX_ROOT_FIELDS,
    directives: v.MAX_DIRECTIVES,
    tokens: v.MAX_TOKENS,
    bodyBytes: v.MAX_BODY_BYTES,
    ids: v.MAX_IDS,
  };
}

/** The fallbacks in the table are frozen with it: they may not be changed either. */
function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) deepFreeze(inner);
    Object.freeze(value);
  }
  return value;
}
