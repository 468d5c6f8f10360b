import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { startSimulator } from '../../../src/simulator/simulator.ts';
import { freePort } from '../../support/free-port.ts';
import { GatewayProcess } from '../../support/gateway-process.ts';
import type { ReceivedSpan } from '../../support/otlp-json.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../../support/otlp-receiver.ts';
import { openStream } from '../../support/sse-client.ts';
import { connect } from '../../support/ws-client.ts';

const TOKEN = 'demo-token';
const TICKET = 'a-webhook-ticket';
const TRACES = ['a'.repeat(32), 'b'.repeat(32), 'c'.repeat(32), 'd'.repeat(32)] as const;
const PARENT = '1'.repeat(16);
const traceparent = (trace: string): string => `00-${trace}-${PARENT}-01`;
const WATCH = 'subscription Watch($id: ID!) { taskStatus(id: $id) { status resultUrl finished } }';

/** Passes calls on to the simulator, and keeps their headers. */
async function startRelay(target: string) {
  const headers: IncomingHttpHeaders[] = [];
  const server = createServer((incoming, response) => {
    headers.push(incoming.headers);
    const call = httpRequest(new URL(incoming.url ?? '', target), { method: 'POST', headers: incoming.headers });
    call.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    incoming.pipe(call);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    headers,
    [Symbol.dispose]: () => server.closeAllConnections(),
  };
}

function environment(upstream: string, collector: string): Record<string, string> {
  return {
    A2E_API_URL: upstream,
    A2E_API_TOKEN: TOKEN,
    AUTH_MODE: 'open',
    WEBHOOK_TOKEN: TICKET,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector,
    OTEL_BSP_SCHEDULE_DELAY: '100',
    OTEL_SERVICE_NAME: 'gateway-of-the-test',
  };
}

async function ask(url: string, body: object, headers: Record<string, string> = {}): Promise<unknown> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers } };
  return (await fetch(`${url}/graphql`, { ...init, body: JSON.stringify(body) })).json();
}

function operation({ spans }: OtlpReceiver, trace: string): Promise<ReceivedSpan> {
  return spans.find(({ traceId, kind }) => traceId === trace && kind === 2);
}

/** Ways to export: the variables, and the headers of each request. */
const EXPORTS = [
  ['the default protocol', {}, 'application/x-protobuf', undefined],
  ['gzip', { OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' }, 'application/x-protobuf', 'gzip'],
  [
    'JSON and an unknown compression',
    { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_EXPORTER_OTLP_COMPRESSION: 'zstd' },
    'application/json',
    undefined,
  ],
] as const;

test.for(EXPORTS)(
  'with %s operations and their polls arrive as linked traces, with no credential in any byte',
  async ([, variables, contentType, contentEncoding]) => {
    await using simulator = await startSimulator({ tokens: [TOKEN] });
    using relay = await startRelay(simulator.url);
    await using collector = await startOtlpReceiver();
    await using gateway = await GatewayProcess.start({ ...environment(relay.url, collector.url), ...variables });
    simulator.setTask('task-1', { status: 'process', process: 10 });

    await using socket = await connect(gateway.url, { traceparent: traceparent(TRACES[0]), token: 'sk_private' });
    socket.subscribe('1', WATCH, { id: 'task-1' });
    const headers = { traceparent: traceparent(TRACES[1]), baggage: 'user=secret-baggage' };
    await using stream = await openStream(gateway.url, { query: WATCH, variables: { id: 'task-1' }, headers });
    await stream.events.count(1);
    await ask(
      gateway.url,
      { query: '{ videoTask(id: "task-2") { id } }' },
      { ...headers, traceparent: traceparent(TRACES[2]) },
    );
    await ask(gateway.url, { query: '{ nothing }' }, { traceparent: traceparent(TRACES[3]) });
    await fetch(`${gateway.url}/webhooks/a2e`, {
      method: 'POST',
      headers: { 'x-a2e-webhook-token': TICKET },
      body: '{"_id":"task-1"}',
    });
    // A poll that serves both subscriptions.
    const poll = await collector.spans.find(({ name, links }) => name === 'poll' && links.length === 2);
    const scrape = await fetch(`${gateway.url}/metrics`, { headers: { accept: 'application/openmetrics-text' } });
    simulator.setTask('task-1', { status: 'success', result: 'https://example.com/private-result.mp4' });
    await socket.ended('1');

    const subscription = await operation(collector, TRACES[0]);
    expect(subscription).toMatchObject({
      name: 'subscription',
      parentSpanId: PARENT,
      status: 0,
      attributes: {
        'graphql.operation.type': 'subscription',
        'graphql.operation.name': 'Watch',
        'http.request.method': 'GET',
        'video_task_gateway.transport': 'websocket',
        'video_task_gateway.outcome': 'completed',
        'video_task_gateway.task.ids': ['task-1'],
      },
    });
    const streamed = await operation(collector, TRACES[1]);
    expect(streamed.attributes).toMatchObject({ 'video_task_gateway.transport': 'sse' });
    expect(await operation(collector, TRACES[2])).toMatchObject({
      name: 'query',
      attributes: { 'http.request.method': 'POST', 'video_task_gateway.transport': 'http' },
    });
    expect(await operation(collector, TRACES[3])).toMatchObject({
      name: 'GraphQL Operation',
      status: 2,
      attributes: { 'error.type': 'GRAPHQL_VALIDATION_FAILED' },
    });
    await collector.spans.find(({ name }) => name === 'POST /webhooks/a2e');

    expect(new Set(poll.links.map(({ spanId }) => spanId))).toEqual(new Set([subscription.spanId, streamed.spanId]));
    expect(poll.attributes).toMatchObject({
      'video_task_gateway.task.id': 'task-1',
      'video_task_gateway.poll.operations': 2,
      'video_task_gateway.outcome': 'answered',
    });
    const call = await collector.spans.find(({ parentSpanId, kind }) => parentSpanId === poll.spanId && kind === 3);
    expect(call).toMatchObject({
      name: 'POST /api/v1/video/awsResult',
      attributes: {
        'url.full': `${relay.url}/api/v1/video/awsResult`,
        'server.port': Number(new URL(relay.url).port),
        'http.response.status_code': 200,
      },
    });
    expect(relay.headers.map((sent) => sent['traceparent'])).toContain(`00-${poll.traceId}-${call.spanId}-01`);
    expect(relay.headers.filter((sent) => 'baggage' in sent)).toEqual([]);
    const children = collector.spans.all.filter(({ parentSpanId }) => parentSpanId === poll.spanId);
    expect(children.map(({ name }) => name).toSorted()).toEqual(['POST /api/v1/video/awsResult', 'claim', 'publish']);

    expect(scrape.headers.get('content-type')).toContain('application/openmetrics-text');
    const text = await scrape.text();
    expect(text).toMatch(
      /^video_task_gateway_upstream_call_seconds_bucket\{le="[\d.]+"\} \d+ # \{trace_id="\w{32}",span_id="\w{16}"\}/m,
    );
    expect(text).toMatch(/^video_task_gateway_poll_lateness_seconds_bucket\{.*\} \d+ # \{trace_id="/m);
    expect(text).toMatch(
      /^# TYPE video_task_gateway_upstream_calls counter\nvideo_task_gateway_upstream_calls_total\{/m,
    );
    expect(text.endsWith('\n# EOF\n')).toBe(true);

    expect(poll.resource).toMatchObject({ 'service.name': 'gateway-of-the-test' });
    const path = '/v1/traces';
    for (const request of collector.requests) expect(request).toMatchObject({ path, contentType, contentEncoding });
    const bytes = collector.requests.map(({ text }) => text).join('\n');
    expect(bytes).toContain('gateway-of-the-test');
    for (const secret of [TOKEN, TICKET, 'sk_private', 'secret-baggage', 'private-result'])
      expect(bytes).not.toContain(secret);
    // A subscription that is open at the end is exported by the shutdown.
    socket.subscribe('2', WATCH, { id: 'task-3' });
    await simulator.waitForCalls('task-3', 1);
    gateway.signal('SIGTERM');
    expect(await gateway.exited).toMatchObject({ code: 0 });
    await collector.spans.find(({ attributes }) => `${attributes['video_task_gateway.task.ids']}` === 'task-3');
  },
);

test('without a collector the gateway serves, logs one line and ends in time', async () => {
  await using simulator = await startSimulator({ tokens: [TOKEN] });
  const collector = `http://127.0.0.1:${await freePort()}`;
  const settings = { ...environment(simulator.url, collector), OTEL_EXPORTER_OTLP_TIMEOUT: '500' };
  await using gateway = await GatewayProcess.start({ ...settings, OTEL_BSP_MAX_QUEUE_SIZE: '8' });
  simulator.setTask('task-1', { status: 'process', process: 10 });
  const failed = () => gateway.log.filter((line) => line.includes('trace collector fails'));
  await expect
    .poll(async () => {
      await ask(gateway.url, { query: '{ videoTask(id: "task-1") { status } }' });
      return failed().length;
    })
    .toBe(1);
  gateway.signal('SIGTERM');
  expect(await gateway.exited).toMatchObject({ code: 0 });
  expect(failed()).toHaveLength(1);
});

/** Starts a gateway that must refuse to start; resolves to its exit code and standard error. */
async function refused(env: Record<string, string>, flags: readonly string[] = []) {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [...flags, 'src/main.ts'], { env: { PATH, PORT: '0', ...env } });
  const [stderr, [code]] = await Promise.all([child.stderr.toArray(), once(child, 'close')]);
  return { code, message: Buffer.concat(stderr).toString() };
}

/** A loader for which no package of the SDK is installed. */
const WITHOUT_SDK = `data:text/javascript,${encodeURIComponent(`
import { registerHooks } from 'node:module';
registerHooks({
  resolve(specifier, context, next) {
    if (!specifier.startsWith('@opentelemetry/sdk-trace')) return next(specifier, context);
    throw Object.assign(new Error('not found'), { code: 'ERR_MODULE_NOT_FOUND' });
  },
});`)}`;

test('a missing package, an unknown protocol and an unknown sampler stop the start', async () => {
  const env = { A2E_API_TOKEN: TOKEN, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };
  const [packages, protocol, sampler] = await Promise.all([
    refused(env, ['--import', WITHOUT_SDK]),
    refused({ ...env, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc' }),
    refused({ ...env, OTEL_TRACES_SAMPLER: 'sometimes' }),
  ]);
  expect(packages.message).toContain('npm install @opentelemetry/core');
  expect(protocol.message).toContain(
    'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL is "grpc": it must be one of http/protobuf, http/json',
  );
  expect(sampler.message).toContain('OTEL_TRACES_SAMPLER is "sometimes": it must be one of always_on');
  expect([packages.code, protocol.code, sampler.code]).toEqual([2, 2, 2]);
});
