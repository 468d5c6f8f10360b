import { redactedValue } from '../config/issue.ts';
import { ConfigError, type Environment } from '../config.ts';
import type { Logger } from '../observability/log.ts';
import type { TracingSdk } from '../observability/tracing/start-sdk.ts';

/**
 * Starts the export of traces if `OTEL_EXPORTER_OTLP_ENDPOINT` is set; null: it is not. For a process of the gateway's own: a
 * program that embeds the gateway brings its own SDK. Rejects with a `ConfigError`.
 */
export async function startTracing(endpoint: string | null, env: Environment, log: Logger): Promise<TracingSdk | null> {
  if (endpoint === null) return null;
  const { startSdk } = await import('../observability/tracing/start-sdk.ts');
  const started = await startSdk(env, log);
  if (!started || 'flush' in started) return started;
  throw new ConfigError([{ ...started, shown: redactedValue(env[started.name], false) }]);
}
