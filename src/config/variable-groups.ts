import type { VariableName } from './variables.ts';

/** Variables that `--help` and docs/configuration.md list under one heading. */
export interface VariableGroup {
  readonly title: string;
  readonly names: readonly VariableName[];
}

/** Every variable is in one group. */
export const variableGroups: readonly VariableGroup[] = [
  {
    title: 'Listener',
    names: ['PORT', 'HOST', 'ADMIN_PORT', 'ALLOWED_HOSTS', 'CORS_ORIGINS', 'TRUST_PROXY', 'SHUTDOWN_GRACE_MS'],
  },
  { title: 'A2E', names: ['A2E_API_URL', 'A2E_API_TOKEN', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'WEBHOOK_TOKEN'] },
  {
    title: 'Access',
    names: ['AUTH_MODE', 'AUTH_JWT_SECRET', 'AUTH_JWKS_URL', 'AUTH_JWT_ISSUER', 'AUTH_JWT_AUDIENCE'],
  },
  {
    title: 'Polling',
    names: [
      'POLL_INTERVAL_MS',
      'POLL_MAX_INTERVAL_MS',
      'POLL_LINGER_MS',
      'UPSTREAM_TIMEOUT_MS',
      'UPSTREAM_MAX_CONCURRENCY',
      'UPSTREAM_MAX_RPS',
      'FIRST_ANSWER_TIMEOUT_MS',
    ],
  },
  { title: 'Several machines', names: ['REDIS_URL', 'REDIS_PREFIX'] },
  { title: 'GraphQL', names: ['GRAPHIQL', 'INTROSPECTION', 'TRUSTED_DOCUMENTS', 'SUBGRAPH'] },
  {
    title: 'Limits of one operation',
    names: ['MAX_DEPTH', 'MAX_ALIASES', 'MAX_ROOT_FIELDS', 'MAX_DIRECTIVES', 'MAX_TOKENS', 'MAX_IDS', 'MAX_BODY_BYTES'],
  },
  {
    title: 'Limits of a connection or a caller',
    names: [
      'MAX_SUBSCRIPTIONS_PER_CONNECTION',
      'MAX_CONNECTIONS',
      'MAX_CONNECTIONS_PER_ADDRESS',
      'MAX_OPERATIONS_PER_SECOND',
    ],
  },
  { title: 'Log and traces', names: ['LOG_LEVEL', 'OTEL_EXPORTER_OTLP_ENDPOINT'] },
];
