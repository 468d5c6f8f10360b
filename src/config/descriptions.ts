import type { VariableName } from './variables.ts';

/** How `--help` and docs/configuration.md describe one environment variable. Code stands between backticks. */
export interface VariableDescription {
  /** The value when the variable is unset, in words. */
  readonly fallback: string;
  readonly meaning: string;
  /** The section of a page in docs/ that says more, such as `access.md#webhook`. */
  readonly see?: string;
}

/** Describes every variable. A test compares the fallbacks with the values of {@link VariableName}. */
export const descriptions: Readonly<Record<VariableName, VariableDescription>> = {
  PORT: { fallback: '`4000`', meaning: 'port to listen on; `0` takes a free one' },
  HOST: { fallback: '`127.0.0.1`', meaning: 'address to listen on; the Docker image sets `0.0.0.0`' },
  A2E_API_URL: { fallback: '`https://video.a2e.ai`', meaning: 'origin of A2E; in China `https://video.a2e.com.cn`' },
  A2E_API_TOKEN: { fallback: 'none', meaning: "the gateway's own A2E token, for `open` and `jwt`" },
  AUTH_MODE: {
    fallback: '`open` with `A2E_API_TOKEN`, else `passthrough`',
    meaning: 'who may ask: `open`, `jwt` or `passthrough`',
    see: 'access.md',
  },
  AUTH_JWT_SECRET: { fallback: 'none', meaning: 'HS256 secret; several, comma-separated, while one is being rotated' },
  AUTH_JWKS_URL: { fallback: 'none', meaning: 'where the public keys of the tickets are' },
  AUTH_JWT_ISSUER: { fallback: 'none', meaning: 'the `iss` a ticket must have' },
  AUTH_JWT_AUDIENCE: { fallback: 'none', meaning: 'the `aud` a ticket must have' },
  POLL_INTERVAL_MS: {
    fallback: '`3000`',
    meaning: 'one call per watched task per this interval, in the whole cluster; at least 100',
  },
  POLL_MAX_INTERVAL_MS: {
    fallback: '`10000`',
    meaning: 'a task that does not change is polled ever more slowly, up to this; equal to `POLL_INTERVAL_MS`: fixed',
  },
  POLL_LINGER_MS: { fallback: '`1000`', meaning: 'how long a watch outlives its last watcher' },
  UPSTREAM_TIMEOUT_MS: { fallback: '`10000`', meaning: 'for one whole call to A2E, connect to last byte' },
  UPSTREAM_MAX_CONCURRENCY: { fallback: '`64`', meaning: 'calls to A2E at the same time, per gateway' },
  UPSTREAM_MAX_RPS: {
    fallback: 'none',
    meaning: 'calls to A2E per second, in the whole cluster; past it intervals stretch, and no client gets an error',
  },
  FIRST_ANSWER_TIMEOUT_MS: {
    fallback: '`15000`',
    meaning: 'a subscription or query without any state by then ends with an error; with one a query shows it, stale',
  },
  REDIS_URL: { fallback: 'none', meaning: 'joins gateways to a cluster', see: 'clustering.md' },
  REDIS_PREFIX: { fallback: '`video-task-gateway`', meaning: 'what keys and channels in Redis begin with' },
  CORS_ORIGINS: {
    fallback: 'none',
    meaning:
      'comma list of origins that may call, such as `https://app.example.com`, `https://*.example.com` or `capacitor://localhost`, over HTTP and WebSocket, with any header; the same origin always may',
  },
  GRAPHIQL: { fallback: '`true`, but `false` with `NODE_ENV=production`', meaning: 'serve GraphiQL to browsers' },
  INTROSPECTION: { fallback: '`true`, but `false` with `NODE_ENV=production`', meaning: 'answer introspection' },
  TRUSTED_DOCUMENTS: {
    fallback: 'none',
    meaning: "persisted-documents JSON, hash to text, or Apollo's manifest",
    see: 'access.md#trusted-documents',
  },
  MAX_SUBSCRIPTIONS_PER_CONNECTION: { fallback: '`100`', meaning: 'on one WebSocket' },
  MAX_CONNECTIONS: {
    fallback: '`50000`',
    meaning: 'WebSockets and streams, per gateway; past it 503 with `Retry-After`',
  },
  MAX_CONNECTIONS_PER_ADDRESS: {
    fallback: 'none',
    meaning:
      'all TCP connections of a client address, idle ones included, an IPv6 one by its /64; with `TRUST_PROXY` WebSockets and streams',
  },
  MAX_OPERATIONS_PER_SECOND: {
    fallback: 'none',
    meaning: 'per caller and gateway; tokens that A2E has never accepted share twice that per address',
  },
  TRUST_PROXY: {
    fallback: '`false`',
    meaning:
      'take the client address from `X-Forwarded-For`, and the own origin from `X-Forwarded-Host` and `-Proto`, as the nearest proxy wrote them; `Forwarded` where they are absent',
  },
  MAX_DEPTH: { fallback: '`10`', meaning: 'of one operation, fragments spread' },
  MAX_ALIASES: { fallback: '`15`', meaning: 'in one operation' },
  MAX_ROOT_FIELDS: { fallback: '`20`', meaning: 'in one operation' },
  MAX_DIRECTIVES: { fallback: '`20`', meaning: 'in one operation' },
  MAX_TOKENS: { fallback: '`1000`', meaning: 'in one operation' },
  MAX_BODY_BYTES: { fallback: '`65536`', meaning: 'of an HTTP body or a WebSocket frame' },
  MAX_IDS: {
    fallback: '`100`',
    meaning:
      'ids in one `videoTasks` or `taskStatuses`, `representations` in one `_entities`, and both in all fields of one operation together',
  },
  SHUTDOWN_GRACE_MS: { fallback: '`10000`', meaning: 'from SIGTERM to exit, at most' },
  ADMIN_PORT: {
    fallback: 'none',
    meaning:
      'a second listener for `/metrics`, `/status`, `/healthz` and `/readyz`; `/metrics` is then no longer on the first',
  },
  ALLOWED_HOSTS: {
    fallback: 'none',
    meaning:
      'comma list of names in `Host` that are served, others get 421, but for `/healthz` and `/readyz`; unset, loopback names with `AUTH_MODE=open` on a loopback `HOST`, else any',
  },
  SUBGRAPH: {
    fallback: '`false`',
    meaning: 'true adds Federation 2 to the schema, so that a router composes it into a supergraph',
    see: 'supergraph.md',
  },
  HTTP_PROXY: {
    fallback: 'none',
    meaning:
      'proxy for calls to A2E and to the key set by `http:`, and by `https:` where `HTTPS_PROXY` is unset; `http_proxy` comes first',
  },
  HTTPS_PROXY: {
    fallback: 'none',
    meaning: 'proxy for calls to A2E and to the key set by `https:`; `https_proxy` comes first',
  },
  NO_PROXY: {
    fallback: 'none',
    meaning: 'comma list of hosts that are called without a proxy; `*` is all; `no_proxy` comes first',
  },
  WEBHOOK_TOKEN: { fallback: 'none', meaning: 'enables `POST /webhooks/a2e`', see: 'access.md#webhook' },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    fallback: 'none',
    meaning: 'where traces go, over OTLP; OpenTelemetry defines the other `OTEL_*` variables',
    see: 'tracing.md',
  },
  LOG_LEVEL: {
    fallback: '`info`',
    meaning: 'least severe level of a line: `fatal`, `error`, `warn`, `info`, `debug`, `trace` or `silent`',
  },
};
