import { ROOT_CONTEXT, type TracerProvider, trace } from '@opentelemetry/api';
import * as sdk from '@opentelemetry/sdk-trace';
import { afterEach, describe, expect, test } from 'vitest';
import { pollTracer } from '../../../src/composition/create-tracing.ts';
import { UpstreamUnavailable } from '../../../src/errors.ts';
import { activeCall } from '../../../src/observability/tracing/call-trace.ts';
import { RegisteredTracer } from '../../../src/observability/tracing/registered-tracer.ts';
import { RequestTracer } from '../../../src/observability/tracing/request-tracer.ts';
import { createSampler } from '../../../src/observability/tracing/sampler.ts';
import { MAX_LINKS, ServedOperations } from '../../../src/observability/tracing/served-operations.ts';
import type { UpstreamEvent } from '../../../src/upstream/upstream-event.ts';
import { registerSdk, unregisterSdk } from './registered-sdk.ts';

const TRACEPARENT = `00-${'a'.repeat(32)}-${'1'.repeat(16)}-01`;

afterEach(unregisterSdk);

function build() {
  const registered = new RegisteredTracer();
  const served = new ServedOperations();
  const requests = new RequestTracer(registered);
  return { registered, served, requests, polls: pollTracer({ registered, requests, served }, 'http://a2e.test/path') };
}

test('without an SDK nothing is built, and an SDK that comes later is found', () => {
  const { requests, polls } = build();
  const latenesses: unknown[] = [];
  polls.onDue(5, (exemplar) => latenesses.push(exemplar));
  expect([requests.parentOf({ traceparent: TRACEPARENT }), polls.begin('task-1', 'key'), latenesses]).toEqual([
    null,
    null,
    [undefined],
  ]);
  registerSdk();
  expect(requests.begin('http', 'POST', requests.parentOf({}))).not.toBeNull();
});

test('a provider that the runtime registers itself, without the stand-in of the API, is found', () => {
  const exporter = registerSdk();
  const api = Reflect.get(globalThis, Symbol.for('opentelemetry.js.api.1')) as { trace: TracerProvider };
  const spanProcessors = [new sdk.SimpleSpanProcessor({ exporter })];
  api.trace = new sdk.TracerProvider({ sampler: new sdk.AlwaysOnSampler(), spanProcessors });
  build().polls.begin('task-1', 'key')?.end({ kind: 'answered' });
  expect(exporter.getFinishedSpans()).toMatchObject([
    { name: 'poll', instrumentationScope: { name: 'video-task-gateway' } },
  ]);
});

test('a poll has at most 32 links, to exported operations only, and the number of all', () => {
  const exporter = registerSdk();
  const { served, requests, polls } = build();
  const request = requests.begin('websocket', 'GET', ROOT_CONTEXT);
  const audience = Array.from({ length: 100 }, () => ({ trace: request?.operation('subscription', null) ?? null }));
  const unsampled = { trace: { spanContext: { traceId: 'b'.repeat(32), spanId: '2'.repeat(16), traceFlags: 0 } } };
  const release = served.add(['key'], new Set([unsampled, { trace: null }, ...audience]));
  polls.begin('task-1', 'key')?.end({ kind: 'skipped' });
  release();
  polls.begin('task-1', 'key')?.end({ kind: 'answered' });
  const [first, second] = exporter.getFinishedSpans();
  expect(first?.links.map(({ context: { spanId } }) => spanId)).toEqual(
    audience.slice(0, MAX_LINKS).map((member) => member.trace?.spanContext.spanId),
  );
  expect(first?.attributes['video_task_gateway.poll.operations']).toBe(102);
  expect(second?.links).toEqual([]);
});

test('a call that fails has the code of its error and no message, and no context outlives its start', async () => {
  const exporter = registerSdk();
  const { polls } = build();
  const latenesses: unknown[] = [];
  polls.onDue(12.4, (exemplar) => latenesses.push(exemplar));
  const poll = polls.begin('task-1', 'key');
  const error = new UpstreamUnavailable('a message with a secret');
  const headers: unknown[] = [];
  const call = poll?.call(() => {
    headers.push(activeCall()?.headers);
    return Promise.reject(error);
  });
  expect(activeCall()).toBeNull();
  await expect(call).rejects.toBe(error);
  poll?.end({ kind: 'failed', error });
  const [called, polled] = exporter.getFinishedSpans();
  const { traceId, spanId } = called?.spanContext() ?? {};
  expect(headers).toEqual([{ traceparent: `00-${traceId}-${spanId}-01` }]);
  expect(called).toMatchObject({ name: 'POST /path', status: { code: 2, message: 'UPSTREAM_UNAVAILABLE' } });
  expect(polled?.attributes).toMatchObject({
    'error.type': 'UPSTREAM_UNAVAILABLE',
    'video_task_gateway.poll.lateness_ms': 12,
  });
  expect(latenesses).toEqual([{ trace_id: traceId, span_id: polled?.spanContext().spanId }]);
});

test('a step that fails with an error of another kind has neither its name nor its message', async () => {
  const exporter = registerSdk();
  const poll = build().polls.begin('task-1', 'key');
  const error = new TypeError('a message with a secret');
  await expect(poll?.step('claim', () => Promise.reject(error))).rejects.toBe(error);
  const [claim] = exporter.getFinishedSpans();
  expect(claim).toMatchObject({ name: 'claim', status: { code: 2, message: '_OTHER' } });
  expect([claim?.attributes, claim?.events]).toEqual([{ 'error.type': '_OTHER' }, []]);
});

test.each<[name: string, event: UpstreamEvent, status: number | undefined]>([
  ['the status of its response', { kind: 'answered', ms: 5, status: 503 }, 503],
  ['no status without a response', { kind: 'unanswered', ms: 5, reason: 'ECONNRESET' }, undefined],
])('a call has %s, and its exemplar leads to its span', async (_name, event, status) => {
  const exporter = registerSdk();
  const exemplars: unknown[] = [];
  await build()
    .polls.begin('task-1', 'key')
    ?.call(async () => {
      const call = activeCall();
      exemplars.push(call?.exemplar);
      call?.onEvent(event);
    });
  const [span] = exporter.getFinishedSpans();
  const { traceId, spanId } = span?.spanContext() ?? {};
  expect(span?.attributes['http.response.status_code']).toBe(status);
  expect(exemplars).toEqual([{ trace_id: traceId, span_id: spanId }]);
});

test('a poll that is not sampled sends no header, and is no exemplar', async () => {
  registerSdk(new sdk.AlwaysOffSampler());
  const { polls } = build();
  const latenesses: unknown[] = [];
  polls.onDue(5, (exemplar) => latenesses.push(exemplar));
  expect(await polls.begin('task-1', 'key')?.call(async () => activeCall())).toBeNull();
  expect(latenesses).toEqual([undefined]);
});

describe('the position in the trace of a client', () => {
  test.each([
    ['a garbled traceparent', { traceparent: 'garbage' }, undefined],
    ['one that is no text', { traceparent: [TRACEPARENT] }, undefined],
    ['a tracestate', { traceparent: TRACEPARENT, tracestate: 'vendor=1' }, 'vendor=1'],
    ['a tracestate that is too long', { traceparent: TRACEPARENT, tracestate: `v=${'x'.repeat(600)}` }, ''],
  ])('%s', (_name, carrier, state) => {
    registerSdk();
    const parent = trace.getSpanContext(build().requests.parentOf(carrier) ?? ROOT_CONTEXT);
    expect(parent && (parent.traceState?.serialize() ?? '')).toBe(state);
  });
});

test.each([
  [undefined, undefined, 'ParentBased{root=AlwaysOnSampler'],
  ['always_off', undefined, 'AlwaysOffSampler'],
  ['traceidratio', '0.25', 'TraceIdRatioBased{0.25}'],
  ['parentbased_traceidratio', undefined, 'ParentBased{root=TraceIdRatioBased{1}'],
])('OTEL_TRACES_SAMPLER=%s with %s', (name, share, text) => {
  expect(createSampler(sdk, name, share)?.toString()).toContain(text);
});

test.each([
  ['jaeger_remote', undefined],
  ['traceidratio', '2'],
  ['parentbased_traceidratio', 'half'],
])('OTEL_TRACES_SAMPLER=%s with %s is refused', (name, share) => {
  expect(createSampler(sdk, name, share)).toBeNull();
});
