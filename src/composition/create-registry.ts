import { upstreamReporter } from '../observability/upstream-reporter.ts';
import { SchedulerRegistry } from '../scheduling/scheduler-registry.ts';
import { TaskRegistry } from '../task/task-registry.ts';
import type { TaskSource } from '../task/task-source.ts';
import { A2eClient } from '../upstream/a2e-client.ts';
import { CheckedSource } from '../upstream/checked-source.ts';
import type { SharedServices } from './shared-services.ts';

/** The watches, and the schedulers of their calls. */
export interface Polling {
  readonly registry: TaskRegistry;
  readonly schedulers: SchedulerRegistry;
}

/** Builds the watches of all tasks, the schedulers of their calls, and the client of A2E unless a source is given. */
export function createRegistry(
  { config, cluster, log, outages, readiness, metrics, tallies, onUnexpectedError, stack }: SharedServices,
  given: TaskSource | undefined,
): Polling {
  const { upstream, poll, redis } = config;
  const reporter = upstreamReporter(log, outages.upstream, readiness, metrics.upstream);
  const { origin, timeoutMs, maxConcurrency, maxRps } = upstream;
  const { proxy } = config;
  const a2e = { origin, timeoutMs, maxConnections: maxConcurrency, proxy, onEvent: reporter.onCall };
  const source = given ? new CheckedSource(given) : stack.use(new A2eClient(a2e));
  const { intervalMs, maxIntervalMs, lingerMs, firstAnswerTimeoutMs: firstAnswerMs } = poll;
  const shared = redis ? cluster : undefined;
  const schedulers = stack.use(
    new SchedulerRegistry({
      maxConcurrency,
      maxRps,
      intervalMs,
      shared,
      onEvent: reporter.onScheduler,
      trustedCalls: outages.upstream.silence,
      onPollStart: (lateMs, bulkhead) => metrics.upstream.recordPollStart(lateMs, bulkhead),
    }),
  );
  const intervals = { intervalMs, maxIntervalMs };
  const timing = { intervals, lingerMs, firstAnswerMs };
  const counts = tallies.polls;
  const registry = stack.use(new TaskRegistry({ source, cluster, schedulers, ...timing, counts, onUnexpectedError }));
  return { registry, schedulers };
}
