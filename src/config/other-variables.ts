/** A variable that Node, an npm package or OpenTelemetry defines, as `--help` describes it. */
export interface OtherVariable {
  readonly name: string;
  /** The value when the variable is unset, in words. */
  readonly fallback: string;
  readonly meaning: string;
}

/** The variables that act on the gateway beside its own. docs/tracing.md lists those of OpenTelemetry too. */
export const otherVariables: readonly OtherVariable[] = [
  { name: 'NODE_ENV', fallback: 'none', meaning: '`production` switches GraphiQL and introspection off by default' },
  { name: 'NODE_EXTRA_CA_CERTS', fallback: 'none', meaning: 'file (PEM) with certificates of your own authority' },
  { name: 'OTEL_EXPORTER_OTLP_PROTOCOL', fallback: '`http/protobuf`', meaning: 'or `http/json`' },
  {
    name: 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL',
    fallback: 'as `OTEL_EXPORTER_OTLP_PROTOCOL`',
    meaning: 'the same for traces alone',
  },
  { name: 'OTEL_EXPORTER_OTLP_COMPRESSION', fallback: '`none`', meaning: 'or `gzip`' },
  { name: 'OTEL_EXPORTER_OTLP_HEADERS', fallback: 'none', meaning: "such as the collector's credentials" },
  { name: 'OTEL_EXPORTER_OTLP_TIMEOUT', fallback: '`10000`', meaning: 'for one export, in ms' },
  { name: 'OTEL_SERVICE_NAME', fallback: '`video-task-gateway`', meaning: 'name of the service in traces' },
  { name: 'OTEL_RESOURCE_ATTRIBUTES', fallback: 'none', meaning: 'attributes of the service in traces' },
  {
    name: 'OTEL_TRACES_SAMPLER',
    fallback: '`parentbased_always_on`',
    meaning: '`always_on`, `always_off`, `traceidratio`, and each with `parentbased_`',
  },
  { name: 'OTEL_TRACES_SAMPLER_ARG', fallback: '`1`', meaning: 'share of the traces that are kept, from 0 to 1' },
  { name: 'OTEL_BSP_MAX_QUEUE_SIZE', fallback: '`2048`', meaning: 'spans that may wait for an export' },
  { name: 'OTEL_BSP_SCHEDULE_DELAY', fallback: '`5000`', meaning: 'delay of an export, in ms' },
  { name: 'OTEL_BSP_EXPORT_TIMEOUT', fallback: '`30000`', meaning: 'for one batch of spans, in ms' },
  { name: 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE', fallback: '`512`', meaning: 'spans in one export' },
  { name: 'OTEL_SDK_DISABLED', fallback: '`false`', meaning: '`true` switches traces off' },
  { name: 'OTEL_TRACES_EXPORTER', fallback: '`otlp`', meaning: '`none` switches traces off' },
];
