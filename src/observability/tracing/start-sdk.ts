import { context, type DiagLogger, DiagLogLevel, diag, propagation, trace } from '@opentelemetry/api';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { Logger } from '../log.ts';
import { LogLimiter } from '../log-limiter.ts';
import { OutageLog } from '../outage-log.ts';
import { ReportedExporter } from './reported-exporter.ts';
import { createSampler, SAMPLERS } from './sampler.ts';

/** How long the end of the process waits for the collector, in ms. A collector that failed before gets no time. */
const FLUSH_MS = 1_000;

/** The packages of the SDK: optional dependencies, loaded when the variable is set. */
export const SDK_PACKAGES = [
  '@opentelemetry/core',
  '@opentelemetry/resources',
  '@opentelemetry/sdk-trace',
  '@opentelemetry/exporter-trace-otlp-proto',
  '@opentelemetry/exporter-trace-otlp-http',
] as const;

/** The variables of the protocol. The one of traces alone comes first. */
const PROTOCOL_NAMES = ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL'];
/** The protocols that the exporters speak. */
const PROTOCOLS = ['http/protobuf', 'http/json'];

/** The variables of OpenTelemetry, by name. */
export type OtelVariables = Readonly<Record<string, string | undefined>>;

/** A variable that cannot be used. `requirement` completes "must …". */
export interface SdkIssue {
  readonly name: string;
  readonly requirement: string;
}

/** The SDK of this process. */
export interface TracingSdk {
  /** Exports the spans that have ended, within a second. Never rejects. */
  flush(): Promise<void>;
}

/**
 * Starts and registers an SDK that exports traces. null: `OTEL_SDK_DISABLED` or `OTEL_TRACES_EXPORTER` switches it off. The
 * exporter reads `OTEL_EXPORTER_OTLP_*` itself, the resource `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES`.
 */
export async function startSdk(variables: OtelVariables, log: Logger): Promise<TracingSdk | SdkIssue | null> {
  if (variables['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return null;
  if (variables['OTEL_TRACES_EXPORTER']?.toLowerCase() === 'none') return null;
  const protocolName = PROTOCOL_NAMES.find((name) => variables[name]);
  const protocol = (protocolName && variables[protocolName]) ?? 'http/protobuf';
  if (protocolName && !PROTOCOLS.includes(protocol))
    return { name: protocolName, requirement: `be one of ${PROTOCOLS.join(', ')}` };
  const packages = await loadPackages(protocol);
  if (!packages) return MISSING_PACKAGES;
  const { core, resources, sdk, OTLPTraceExporter } = packages;
  const sampler = createSampler(sdk, variables['OTEL_TRACES_SAMPLER'], variables['OTEL_TRACES_SAMPLER_ARG']);
  if (!sampler) return SAMPLER_ISSUE;
  diag.setLogger(diagLogger(log), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const outage = new OutageLog({ log, name: 'trace collector', awayAfterMs: 0, failureCountsForMs: null });
  const exporter = new ReportedExporter(new OTLPTraceExporter(), outage);
  const named = resources.resourceFromAttributes({ 'service.name': 'video-task-gateway' });
  const detectors = [resources.envDetector, resources.serviceInstanceIdDetector];
  const provider = new sdk.TracerProvider({
    sampler,
    resource: resources.defaultResource().merge(named).merge(resources.detectResources({ detectors })),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter, ...batchOptions(variables) })],
  });
  // Contexts are active for the synchronous start of a call alone, so no context follows promises and sockets.
  context.setGlobalContextManager(new sdk.StackContextManager().enable());
  propagation.setGlobalPropagator(new core.W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  return { flush: () => flush(exporter, () => provider.shutdown()) };
}

const MISSING_PACKAGES: SdkIssue = {
  name: 'OTEL_EXPORTER_OTLP_ENDPOINT',
  requirement: `be unset, or these packages must be installed: npm install ${SDK_PACKAGES.join(' ')}`,
};

const SAMPLER_ISSUE: SdkIssue = {
  name: 'OTEL_TRACES_SAMPLER',
  requirement: `be one of ${SAMPLERS.join(', ')}, and OTEL_TRACES_SAMPLER_ARG a number from 0 to 1`,
};

/** null: a package is not installed. */
async function loadPackages(protocol: string) {
  try {
    const [core, resources, sdk, { OTLPTraceExporter }] = await Promise.all([
      import('@opentelemetry/core'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/sdk-trace'),
      loadExporter(protocol),
    ]);
    return { core, resources, sdk, OTLPTraceExporter };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') return null;
    throw error;
  }
}

function loadExporter(protocol: string): Promise<{ readonly OTLPTraceExporter: new () => SpanExporter }> {
  return protocol === 'http/json'
    ? import('@opentelemetry/exporter-trace-otlp-http')
    : import('@opentelemetry/exporter-trace-otlp-proto');
}

/** The bounds of the queue, as OpenTelemetry names them. An unusable value counts as unset, as the specification says. */
function batchOptions(variables: OtelVariables) {
  const read = (name: string, fallback: number): number => {
    const value = Number(variables[name]);
    return Number.isSafeInteger(value) && value > 0 ? value : fallback;
  };
  const maxQueueSize = read('OTEL_BSP_MAX_QUEUE_SIZE', 2_048);
  return {
    maxQueueSize,
    scheduledDelayMillis: read('OTEL_BSP_SCHEDULE_DELAY', 5_000),
    exportTimeoutMillis: read('OTEL_BSP_EXPORT_TIMEOUT', 30_000),
    maxExportBatchSize: Math.min(maxQueueSize, read('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 512)),
  };
}

/** Warnings of the SDK, one line per reason and minute. */
function diagLogger(log: Logger): DiagLogger {
  const lines = new LogLimiter();
  const write = (message: string, ...details: readonly unknown[]): void => {
    const reason = reasonOf(message, details).slice(0, 200);
    lines.add(reason, (fields) => log.warn({ reason, ...fields }, 'OpenTelemetry warns'));
  };
  const ignore = (): void => {};
  return { error: write, warn: write, info: ignore, debug: ignore, verbose: ignore };
}

/** The words of a warning. A quoted value is left out, because it may be a URL with a password or the collector's answer. */
function reasonOf(message: string, [detail]: readonly unknown[]): string {
  // An exception arrives as JSON.
  if (message.startsWith('{')) return message;
  // A component of the SDK passes its name, which is one word, before its message.
  const words = /\s/.test(message) || typeof detail !== 'string' ? message : `${message}: ${detail}`;
  return words.replace(/['"].*['"]/s, '…');
}

async function flush(exporter: ReportedExporter, shutdown: () => Promise<void>): Promise<void> {
  if (exporter.isFailing) return;
  const { promise: expired, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, FLUSH_MS);
  await Promise.race([shutdown().catch(() => {}), expired]);
  clearTimeout(timer);
}
