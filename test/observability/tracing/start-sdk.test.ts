import { once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ProxyTracerProvider, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type { TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startTracing } from '../../../src/composition/start-tracing.ts';
import { ConfigError } from '../../../src/config.ts';
import { createLogger } from '../../../src/observability/log.ts';
import { RegisteredTracer } from '../../../src/observability/tracing/registered-tracer.ts';
import { RequestTracer } from '../../../src/observability/tracing/request-tracer.ts';
import { CallbackQueue } from '../../support/callback-queue.ts';
import { startOtlpReceiver } from '../../support/otlp-receiver.ts';
import { unregisterSdk } from './registered-sdk.ts';

type Variables = Readonly<Record<string, string>>;
type Line = Readonly<Record<string, unknown>>;

beforeEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('OTEL_')) vi.stubEnv(name, undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  unregisterSdk();
});

/** Starts the export as a process with these variables does. The packages of the SDK read the environment too. */
async function start(endpoint: string, variables: Variables = {}) {
  const lines = new CallbackQueue<Line>();
  const log = createLogger('info', { write: (line) => lines.put(JSON.parse(line) as Line) });
  for (const [name, value] of Object.entries({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, ...variables }))
    vi.stubEnv(name, value);
  const tracing = await startTracing(endpoint, process.env, log);
  return {
    tracing,
    lines,
    /** Sends the last spans: the collector must still answer. */
    async [Symbol.asyncDispose]() {
      await ((trace.getTracerProvider() as ProxyTracerProvider).getDelegate() as TracerProvider).shutdown();
    },
  };
}

const isRegistered = (): boolean => new RegisteredTracer().current !== null;

/** Ends the span of an operation. */
function operate(name: string): void {
  const request = new RequestTracer(new RegisteredTracer()).begin('http', 'POST', ROOT_CONTEXT);
  request?.operation('query', name).end('completed');
}

/** A collector that does as it is told with each request. */
async function startCollector(answer: RequestListener) {
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('without an endpoint no SDK is registered', async () => {
  expect(await startTracing(null, {}, createLogger('silent', { write: () => {} }))).toBeNull();
  expect(isRegistered()).toBe(false);
});

test.each([
  ['OTEL_SDK_DISABLED', 'True'],
  ['OTEL_TRACES_EXPORTER', 'None'],
])('%s=%s switches the export off', async (name, value) => {
  const { tracing } = await start('http://127.0.0.1:1', { [name]: value });
  expect([tracing, isRegistered()]).toEqual([null, false]);
});

const SHARE = 'a number from 0 to 1';

test.each<[variables: Variables, message: string]>([
  [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'OTEL_EXPORTER_OTLP_PROTOCOL is "grpc": it must be one of http/protobuf'],
  [
    { OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'xml', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' },
    'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL is "xml": it must be one of http/protobuf, http/json',
  ],
  [{ OTEL_TRACES_SAMPLER: 'sometimes' }, 'OTEL_TRACES_SAMPLER is "sometimes": it must be one of always_on'],
  [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '2' }, SHARE],
  [{ OTEL_TRACES_SAMPLER_ARG: '0.5', OTEL_TRACES_SAMPLER: 'https://user:pass@sampler' }, '"https://***@sampler"'],
])('%o stops the start', async (variables, message) => {
  const error: unknown = await start('http://127.0.0.1:1', variables).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ConfigError);
  expect(`${error}`).toContain(message);
  expect(isRegistered()).toBe(false);
});

test.each<[variables: Variables, contentType: string, service: string]>([
  [{}, 'application/x-protobuf', 'video-task-gateway'],
  [
    { OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: '', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_SERVICE_NAME: 'tasks' },
    'application/json',
    'tasks',
  ],
])('with %o a flush brings what has ended to the collector', async (variables, contentType, service) => {
  await using collector = await startOtlpReceiver();
  await using sdk = await start(collector.url, variables);
  operate('Watch');
  await sdk.tracing?.flush();
  expect(collector.spans.all).toMatchObject([
    { name: 'query', attributes: { 'graphql.operation.name': 'Watch' }, resource: { 'service.name': service } },
  ]);
  expect(collector.requests).toMatchObject([{ path: '/v1/traces', contentType }]);
  expect(sdk.lines.all).toEqual([]);
});

test.each<[variables: Variables, requests: number]>([
  [{ OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '2' }, 2],
  [{ OTEL_BSP_MAX_QUEUE_SIZE: '2' }, 2],
  [{ OTEL_BSP_MAX_QUEUE_SIZE: '-2', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: 'two' }, 1],
])('%o bounds a batch, and an unusable value counts as unset', async (variables, requests) => {
  await using collector = await startOtlpReceiver();
  await using sdk = await start(collector.url, variables);
  for (const name of ['A', 'B', 'C', 'D']) operate(name);
  await sdk.tracing?.flush();
  expect(collector.spans.all.map(({ attributes }) => attributes['graphql.operation.name']).toSorted()).toEqual([
    'A',
    'B',
    'C',
    'D',
  ]);
  expect(collector.requests).toHaveLength(requests);
  expect(sdk.lines.all).toEqual([]);
});

test('OTEL_BSP_SCHEDULE_DELAY exports without a flush', async () => {
  await using collector = await startOtlpReceiver();
  await using _sdk = await start(collector.url, { OTEL_BSP_SCHEDULE_DELAY: '10' });
  operate('Watch');
  expect(await collector.spans.count(1)).toMatchObject([{ name: 'query' }]);
});

test('a collector that refused a batch is a line with its status, and is not asked again by the flush', async () => {
  let requests = 0;
  await using collector = await startCollector((_request, response) => {
    requests += 1;
    response.writeHead(400).end('an answer with a secret');
  });
  await using sdk = await start(collector.url, { OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '2' });
  operate('A');
  operate('B');
  const line = await sdk.lines.find(({ msg }) => msg === 'trace collector fails');
  expect(line).toMatchObject({ level: 40, reason: '400', failures: { 400: 1 } });
  operate('C');
  await sdk.tracing?.flush();
  expect(requests).toBe(1);
  expect(JSON.stringify(sdk.lines.all)).not.toContain('secret');
});

test('a collector that does not answer gets a second of the flush', async () => {
  const held = new CallbackQueue<ServerResponse>();
  await using collector = await startCollector((_request, response) => held.put(response));
  await using sdk = await start(collector.url);
  operate('Watch');
  const startedAt = performance.now();
  await sdk.tracing?.flush();
  expect(performance.now() - startedAt).toBeGreaterThan(990);
  const [response] = await held.count(1);
  expect(response?.writableEnded).toBe(false);
  response?.end();
});

/** The warnings of the SDK after two exports to a collector that answers so. */
async function warningsAfter(answer: { readonly type: string; readonly body: string }, variables: Variables) {
  await using collector = await startCollector((_request, response) =>
    response.writeHead(200, { 'content-type': answer.type }).end(answer.body),
  );
  await using sdk = await start(collector.url, { OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '1', ...variables });
  operate('A');
  operate('B');
  await sdk.tracing?.flush();
  return sdk.lines.all.filter(({ msg }) => msg === 'OpenTelemetry warns');
}

const JSON_PROTOCOL = { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };

test('a warning of the SDK is one line, however often it comes', async () => {
  const partial = '{"partialSuccess":{"rejectedSpans":1,"errorMessage":"a secret"}}';
  const warnings = await warningsAfter({ type: 'application/json', body: partial }, JSON_PROTOCOL);
  expect(warnings).toMatchObject([{ level: 40, reason: 'Received Partial Success response:' }]);
});

test('a warning of a component of the SDK has its words after its name', async () => {
  const warnings = await warningsAfter({ type: 'text/html', body: '<html>a secret</html>' }, {});
  expect(warnings).toMatchObject([
    { reason: expect.stringContaining('OTLPExportDelegate: Export succeeded but could not deserialize response') },
  ]);
});

test.each<[name: string, variables: Variables, reason: string]>([
  [
    'an address with a password',
    { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https//user:a 'secret'@collector" },
    'Configuration: Could not parse environment-provided export URL: …, falling back to undefined',
  ],
  ['an answer', JSON_PROTOCOL, 'Failed to parse trace export response: Unexpected token …'],
])('a warning of the SDK leaves out %s that it quotes', async (_name, variables, reason) => {
  const warnings = await warningsAfter({ type: 'text/html', body: '<html>a secret</html>' }, variables);
  expect(warnings[0]?.['reason']).toContain(reason);
  expect(JSON.stringify(warnings)).not.toMatch(/secret|html/);
});

test('an export that takes longer than OTEL_BSP_EXPORT_TIMEOUT is a line', async () => {
  const held = new CallbackQueue<ServerResponse>();
  await using collector = await startCollector((_request, response) => held.put(response));
  await using sdk = await start(collector.url, { OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '1', OTEL_BSP_EXPORT_TIMEOUT: '10' });
  operate('Watch');
  expect(await sdk.lines.count(1)).toMatchObject([
    { msg: 'OpenTelemetry warns', reason: expect.stringContaining('Timeout') },
  ]);
  for (const response of await held.count(1)) response.end();
});
