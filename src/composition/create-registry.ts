import type { Config } from '../config.ts';
import { activeCall, type CallTrace } from '../observability/tracing/call-trace.ts';
import { type UpstreamReporter, upstreamReporter } from '../observability/upstream-reporter.ts';
import { SchedulerRegistry } from '../scheduling/scheduler-registry.ts';
import { TaskRegistry } from '../task/task-registry.ts';
import type { TaskSource } from '../task/task-source.ts';
import { A2eClient } from '../upstream/a2e-client.ts';
import { SourceClient } from '../upstream/source-client.ts';
import type { UpstreamEvent } from '../upstream/upstream-event.ts';
import { pollTracer } from './create-tracing.ts';
import type { SharedServices } from './shared-services.ts';

/** The watches, and the schedulers of their calls. */
export interface Polling {
  readonly registry: TaskRegistry;
  readonly schedulers: SchedulerRegistry;
}

/** Builds the watches of all tasks, the schedulers of their calls, and the client of A2E unless a source is given. */
export function createRegistry(base: SharedServices, given: TaskSource | undefined): Polling {
  const { config, cluster, log, polled, readiness, metrics, tallies, tracing, onUnexpectedError, stack } = base;
  const { upstream: health } = base.outages;
  const { upstream, poll } = config;
  const reporter = upstreamReporter(log, health, readiness, metrics.upstream);
  const { maxConcurrency, maxRps } = upstream;
  const source = stack.use(given ? createSourceClient(config, reporter, given) : createA2eClient(config, reporter));
  // Disposed of before the client, whose disposal cuts the calls under way.
  stack.use(health);
  const tracer = pollTracer(tracing, source instanceof A2eClient ? source.url : null);
  const { intervalMs, maxIntervalMs, lingerMs, firstAnswerTimeoutMs: firstAnswerMs } = poll;
  const shared = cluster.health === 'single' ? undefined : cluster;
  const schedulers = stack.use(
    new SchedulerRegistry({
      maxConcurrency,
      maxRps,
      intervalMs,
      upstreamName: source.name,
      shared,
      onEvent: reporter.onScheduler,
      calls: health,
      polled,
      onPollStart: (lateMs, bulkhead) =>
        tracer.onDue(lateMs, (exemplar) => metrics.upstream.recordPollStart(lateMs, bulkhead, exemplar)),
    }),
  );
  const intervals = { intervalMs, maxIntervalMs };
  const timing = { intervals, lingerMs, firstAnswerMs };
  const { polls: counts } = tallies;
  const parts = { source, cluster, schedulers, counts, tracer };
  return { registry: stack.use(new TaskRegistry({ ...parts, ...timing, onUnexpectedError })), schedulers };
}

function createA2eClient({ auth, upstream, proxy }: Config, reporter: UpstreamReporter): A2eClient<CallTrace> {
  if (auth.mode !== 'passthrough' && upstream.token === null)
    throw new TypeError(`A2E needs a token of the gateway with AUTH_MODE=${auth.mode}`);
  const { origin, timeoutMs, maxConcurrency: maxConnections } = upstream;
  return new A2eClient({
    origin,
    timeoutMs,
    maxConnections,
    proxy,
    traceOf: activeCall,
    onEvent: (event, trace) => {
      reporter.onCall(event, trace?.exemplar);
      trace?.onEvent(event);
    },
  });
}

function createSourceClient({ upstream }: Config, reporter: UpstreamReporter, source: TaskSource): SourceClient {
  const onEvent = (event: UpstreamEvent): void => reporter.onCall(event, activeCall()?.exemplar);
  return new SourceClient({ source, timeoutMs: upstream.timeoutMs, onEvent });
}
