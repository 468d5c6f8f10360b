import { MAX_TIMER_MS } from '../timer-limit.ts';
import {
  allowedOriginList,
  headerToken,
  hostName,
  hostNameList,
  integer,
  oneOf,
  proxyUrl,
  redisUrl,
  secretList,
  text,
  toggle,
  type Variable,
  webOrigin,
  webUrl,
} from './variable.ts';

const MANY = 1_000_000;

/** Every environment variable the gateway reads. Times are in ms. */
export const variables = {
  PORT: integer(4000, 0, 65_535),
  HOST: hostName('127.0.0.1'),
  A2E_API_URL: webOrigin('https://video.a2e.ai'),
  A2E_API_TOKEN: headerToken(),
  AUTH_MODE: oneOf(null, ['open', 'jwt', 'passthrough']),
  AUTH_JWT_SECRET: secretList(),
  AUTH_JWKS_URL: webUrl(),
  AUTH_JWT_ISSUER: text(null, 'the `iss` of the tokens, without spaces around it', /^\S(?:.*\S)?$/),
  AUTH_JWT_AUDIENCE: text(null, 'the `aud` of the tokens, without spaces around it', /^\S(?:.*\S)?$/),
  POLL_INTERVAL_MS: integer(3000, 100, MAX_TIMER_MS),
  POLL_MAX_INTERVAL_MS: integer(null, 100, MAX_TIMER_MS),
  POLL_LINGER_MS: integer(1000, 0, MAX_TIMER_MS),
  UPSTREAM_TIMEOUT_MS: integer(10_000, 1, MAX_TIMER_MS),
  UPSTREAM_MAX_CONCURRENCY: integer(64, 1, MANY),
  UPSTREAM_MAX_RPS: integer(null, 1, MANY),
  FIRST_ANSWER_TIMEOUT_MS: integer(15_000, 1, MAX_TIMER_MS),
  REDIS_URL: redisUrl(),
  REDIS_PREFIX: text('video-task-gateway', '1 to 64 letters, digits and . _ : -', /^[A-Za-z0-9._:-]{1,64}$/),
  CORS_ORIGINS: allowedOriginList(),
  GRAPHIQL: toggle(null),
  INTROSPECTION: toggle(null),
  TRUSTED_DOCUMENTS: text(null, 'the path of a JSON file', /^[^\0]+$/),
  MAX_SUBSCRIPTIONS_PER_CONNECTION: integer(100, 1, MANY),
  MAX_CONNECTIONS: integer(50_000, 1, MANY),
  MAX_CONNECTIONS_PER_ADDRESS: integer(null, 1, MANY),
  MAX_OPERATIONS_PER_SECOND: integer(null, 1, MANY),
  TRUST_PROXY: toggle(false),
  MAX_DEPTH: integer(10, 1, MANY),
  MAX_ALIASES: integer(15, 0, MANY),
  MAX_ROOT_FIELDS: integer(20, 1, MANY),
  MAX_DIRECTIVES: integer(20, 0, MANY),
  MAX_TOKENS: integer(1000, 1, MANY),
  MAX_BODY_BYTES: integer(65_536, 1, 2 ** 30),
  MAX_IDS: integer(100, 1, MANY),
  SHUTDOWN_GRACE_MS: integer(10_000, 0, MAX_TIMER_MS),
  ADMIN_PORT: integer(null, 0, 65_535),
  ALLOWED_HOSTS: hostNameList(),
  SUBGRAPH: toggle(false),
  HTTP_PROXY: proxyUrl(),
  HTTPS_PROXY: proxyUrl(),
  NO_PROXY: text(null, 'a list of hosts', /^[^\0]+$/),
  WEBHOOK_TOKEN: headerToken(),
  OTEL_EXPORTER_OTLP_ENDPOINT: webUrl(),
  LOG_LEVEL: oneOf('info', ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
} as const;

/** The variables that curl, undici and others also read in lower case; that form comes first, as it does there. */
export const LOWER_CASE_TOO: ReadonlySet<string> = new Set(['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY']);

/** Names of the environment variables. */
export type VariableName = keyof typeof variables;

type ValueOf<V> = V extends Variable<infer T> ? T : never;

/** The parsed value of each variable, or its fallback. */
export type Values = { readonly [N in VariableName]: ValueOf<(typeof variables)[N]> };
