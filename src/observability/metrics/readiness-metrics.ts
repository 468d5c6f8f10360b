import { type MetricRegistry, PREFIX } from './metric-registry.ts';

/** The parts of `/readyz`, read at each scrape. `keySet` is absent where no key set is configured. */
export interface ReadinessSource {
  report(): {
    readonly ready: boolean;
    readonly upstream: string;
    readonly cluster: string;
    readonly keySet?: string;
  };
}

/** Adds the parts of `/readyz` as gauges that are 0 or 1. */
export function addReadinessMetrics(registry: MetricRegistry, readiness: ReadinessSource): void {
  const gauge = (name: string, help: string, read: () => boolean): void =>
    registry.gauge({ name: PREFIX + name, help }, () => Number(read()));
  gauge('ready', '1 when this process should get traffic', () => readiness.report().ready);
  gauge(
    'upstream_available',
    '1 unless A2E is away or refuses the token of the gateway',
    () => readiness.report().upstream === 'ok',
  );
  if (readiness.report().keySet)
    gauge(
      'key_set_available',
      '1 unless the key set of the tickets cannot be fetched',
      () => readiness.report().keySet === 'ok',
    );
  gauge(
    'redis_connected',
    '1 when Redis is configured and reachable',
    () => readiness.report().cluster === 'connected',
  );
}
