import { expect, test } from 'vitest';
import { variables } from '../../src/config/variables.ts';
import { DOCUMENTS, Markdown } from './markdown.ts';

/** Names of Node, undici, graphql-ws, OpenTelemetry, the image and the examples. */
const FOREIGN = [
  'NODE_ENV',
  'NODE_EXTRA_CA_CERTS',
  'NODE_TLS_REJECT_UNAUTHORIZED',
  'UND_ERR_SOCKET',
  'UND_ERR_DESTROYED',
  'GRAPHQL_TRANSPORT_WS_PROTOCOL',
  'NODE_IMAGE',
  'GATEWAY_URL',
  'GRAFANA_PASSWORD',
  'OTEL_EXPORTER_OTLP_PROTOCOL',
  'OTEL_EXPORTER_OTLP_HEADERS',
  'OTEL_SERVICE_NAME',
  'OTEL_RESOURCE_ATTRIBUTES',
  'OTEL_TRACES_SAMPLER',
  'OTEL_TRACES_SAMPLER_ARG',
  'OTEL_BSP_MAX_QUEUE_SIZE',
  'OTEL_BSP_SCHEDULE_DELAY',
  'OTEL_SDK_DISABLED',
  'OTEL_TRACES_EXPORTER',
];

const errors = (await Markdown.read('docs/api.md')).rows.filter(({ head }) => head[0] === 'code');
const codes = errors.map(({ cells: [code = ''] }) => code.replaceAll('`', ''));
const known = new Set([...Object.keys(variables), ...codes, ...FOREIGN]);

test.each(DOCUMENTS)('the names in capitals exist: %s', async (path) => {
  const { spans } = await Markdown.read(path);
  const names = spans.flatMap((span) => span.match(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g) ?? []);
  expect(names.filter((name) => !known.has(name))).toEqual([]);
});
