import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { keptReading } from './kept-reading.ts';
import type { MetricRegistry } from './metric-registry.ts';

/** How often the delay of the event loop is sampled, in ms. */
const LAG_RESOLUTION_MS = 20;
/** A count of active resources is this old at most, in ms. Node builds a list with a string for each socket to count. */
export const RESOURCES_KEPT_MS = 5_000;

/**
 * Adds the most used of prom-client's default metrics, under their usual names. The defaults themselves are left out,
 * because they start timers and observers that cannot be stopped. The returned function stops the sampling of event-loop
 * lag.
 */
export function addProcessMetrics(registry: MetricRegistry, droppedLogLines: () => number): () => void {
  const startedAt = performance.timeOrigin / 1000;
  registry.total(
    { name: 'video_task_gateway_log_lines_dropped_total', help: 'Log lines that standard error did not take' },
    droppedLogLines,
  );
  registry.total({ name: 'process_cpu_seconds_total', help: 'User and system CPU time' }, () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  registry.gauge({ name: 'process_start_time_seconds', help: 'Start of the process since the epoch' }, () => startedAt);
  registry.gauge(
    { name: 'nodejs_active_resources', help: 'Handles and requests that keep the event loop alive, such as sockets' },
    keptReading(RESOURCES_KEPT_MS, () => process.getActiveResourcesInfo().length),
  );
  addMemoryMetrics(registry);
  return addEventLoopMetrics(registry);
}

function addMemoryMetrics(registry: MetricRegistry): void {
  registry.gauge({ name: 'process_resident_memory_bytes', help: 'Resident memory' }, () => process.memoryUsage.rss());
  registry.gauge(
    { name: 'nodejs_heap_size_used_bytes', help: 'JavaScript heap in use' },
    () => getHeapStatistics().used_heap_size,
  );
  registry.gauge(
    { name: 'nodejs_heap_size_total_bytes', help: 'JavaScript heap allocated' },
    () => getHeapStatistics().total_heap_size,
  );
  registry.gauge(
    { name: 'nodejs_heap_size_limit_bytes', help: 'JavaScript heap at which the process would end' },
    () => getHeapStatistics().heap_size_limit,
  );
  registry.gauge(
    { name: 'nodejs_external_memory_bytes', help: 'Memory of buffers outside the JavaScript heap' },
    () => getHeapStatistics().external_memory,
  );
}

function addEventLoopMetrics(registry: MetricRegistry): () => void {
  registry.gauge(
    { name: 'nodejs_eventloop_utilization', help: 'Share of time the event loop was busy since the start' },
    () => performance.eventLoopUtilization().utilization,
  );
  const lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  lag.enable();
  // A sample includes the interval of the sampling.
  const seconds = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e9 - LAG_RESOLUTION_MS / 1000);
  registry.gauge(
    { name: 'nodejs_eventloop_lag_mean_seconds', help: 'Mean event-loop lag since the last scrape' },
    () => (lag.count === 0 ? 0 : seconds(lag.mean)),
  );
  registry.gauge(
    { name: 'nodejs_eventloop_lag_p99_seconds', help: '99th percentile of event-loop lag since the last scrape' },
    () => seconds(lag.percentile(99)),
  );
  // Collected last of the three, so it ends the period.
  registry.gauge(
    { name: 'nodejs_eventloop_lag_max_seconds', help: 'Longest event-loop lag since the last scrape' },
    () => {
      const longest = lag.count === 0 ? 0 : seconds(lag.max);
      lag.reset();
      return longest;
    },
  );
  return () => void lag.disable();
}
