import { upstreamReporter } from '../observability/upstream-reporter.ts';
import { SchedulerRegistry } from '../scheduling/scheduler-registry.ts';
import { TaskRegistry } from '../task/task-registry.ts';
import type { TaskSource } from '../task/task-source.ts';
import { A2eClient } from '../upstream/a2e-client.ts';
import type { SharedServices } from './shared-services.ts';

/** Builds the watches of all tasks, the schedulers of their calls, and the client of A2E unless a source is given. */
export function createRegistry(
  { config, cluster, log, outages, readiness, metrics, onUnexpectedError, stack }: SharedServices,
  given: TaskSource | undefined,
): TaskRegistry {
  const { upstream, poll, redis } = config;
  const reporter = upstreamReporter(log, outages.upstream, readiness, metrics);
  const { origin, timeoutMs, maxConcurrency, maxRps } = upstream;
  const { proxy } = config;
  const a2e = { origin, timeoutMs, maxConnections: maxConcurrency, proxy, onEvent: reporter.onCall };
  const source = given ?? stack.use(new A2eClient(a2e));
  const { intervalMs, maxIntervalMs, lingerMs, firstAnswerTimeoutMs: firstAnswerMs } = poll;
  const shared = redis ? cluster : undefined;
  const schedulers = stack.use(
    new SchedulerRegistry({ maxConcurrency, maxRps, intervalMs, shared, onEvent: reporter.onScheduler }),
  );
  const intervals = { intervalMs, maxIntervalMs };
  return new TaskRegistry({ source, cluster, schedulers, intervals, lingerMs, firstAnswerMs, onUnexpectedError });
}
