import { ROOT_CONTEXT } from '@opentelemetry/api';
import * as sdk from '@opentelemetry/sdk-trace';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { RegisteredTracer } from '../../../src/observability/tracing/registered-tracer.ts';
import { RequestTracer } from '../../../src/observability/tracing/request-tracer.ts';
import { registerSdk, unregisterSdk } from './registered-sdk.ts';

const TRACE_ID = 'a'.repeat(32);
const HEADERS = { traceparent: `00-${TRACE_ID}-${'1'.repeat(16)}-01` };

afterEach(unregisterSdk);

const requests = () => new RequestTracer(new RegisteredTracer());
const begin = () => requests().begin('http', 'POST', ROOT_CONTEXT);

describe('the span of an operation', () => {
  test('names the transport and the operation', () => {
    const exporter = registerSdk();
    const tracer = requests();
    const request = tracer.begin('websocket', 'GET', tracer.parentOf(HEADERS));
    request?.operation('subscription', 'W'.repeat(200)).end('unsubscribed');
    const streamed = request?.over('sse');
    streamed?.operation(null, null).end('completed');
    const [subscription, unparsed] = exporter.getFinishedSpans();
    expect(subscription).toMatchObject({
      name: 'subscription',
      parentSpanContext: { traceId: TRACE_ID },
      status: { code: 0 },
      attributes: {
        'graphql.operation.type': 'subscription',
        'graphql.operation.name': 'W'.repeat(128),
        'network.protocol.name': 'websocket',
        'video_task_gateway.transport': 'websocket',
        'video_task_gateway.outcome': 'unsubscribed',
      },
    });
    expect(unparsed).toMatchObject({
      name: 'GraphQL Operation',
      attributes: { 'network.protocol.name': 'http', 'video_task_gateway.transport': 'sse' },
    });
    expect(Object.keys(unparsed?.attributes ?? {}).filter((name) => name.startsWith('graphql.'))).toEqual([]);
  });

  test('tells an answer of the response cache', () => {
    const exporter = registerSdk();
    begin()?.cachedQuery();
    expect(exporter.getFinishedSpans()).toMatchObject([
      { name: 'query', attributes: { 'video_task_gateway.response_cache': 'hit' } },
    ]);
  });

  test('names at most 32 tasks, and the number of all', () => {
    const exporter = registerSdk();
    const ids = Array.from({ length: 40 }, (_, index) => `task-${index}`);
    begin()
      ?.operation('query', null)
      .setTasks(() => ids)
      .end('completed');
    expect(exporter.getFinishedSpans()[0]?.attributes).toMatchObject({
      'video_task_gateway.task.ids': ids.slice(0, 32),
      'video_task_gateway.task.count': 40,
    });
  });

  test('costs no search for tasks if it is not exported', () => {
    registerSdk(new sdk.AlwaysOffSampler());
    const search = vi.fn(() => ['task-1']);
    begin()?.operation('query', null).setTasks(search).end('completed');
    expect(search).not.toHaveBeenCalled();
  });

  test.each<[name: string, errors: readonly object[] | undefined, code: string]>([
    ['the first of its errors', [{ extensions: { code: 'TASK_NOT_FOUND' } }, {}], 'TASK_NOT_FOUND'],
    ['an expired token, where there is no error', undefined, 'UNAUTHENTICATED'],
    ['an error without extensions', [{ message: 'a secret' }], '_OTHER'],
    ['an error whose code is no text', [{ extensions: { code: { text: 'a secret' } } }], '_OTHER'],
    ['an empty list of errors', [], '_OTHER'],
  ])('that fails has the code of %s and no message', (_name, errors, code) => {
    const exporter = registerSdk();
    begin()?.operation('subscription', null).end('failed', errors);
    const [span] = exporter.getFinishedSpans();
    expect(span).toMatchObject({ status: { code: 2, message: code }, attributes: { 'error.type': code } });
    expect(JSON.stringify([span?.attributes, span?.status, span?.events])).not.toContain('secret');
  });
});

describe('a call of the webhook', () => {
  test('has a span with its status, in the trace of its caller', async () => {
    const exporter = registerSdk();
    await requests().webhook(HEADERS, async () => 204);
    expect(exporter.getFinishedSpans()).toMatchObject([
      {
        name: 'POST /webhooks/a2e',
        kind: 1,
        parentSpanContext: { traceId: TRACE_ID },
        attributes: { 'http.route': '/webhooks/a2e', 'http.response.status_code': 204 },
      },
    ]);
  });

  test('that fails ends its span without a status, and fails its caller', async () => {
    const exporter = registerSdk();
    const error = new Error('the socket is gone');
    await expect(requests().webhook({}, () => Promise.reject(error))).rejects.toBe(error);
    expect(exporter.getFinishedSpans()).toHaveLength(1);
    expect(exporter.getFinishedSpans()[0]?.attributes).not.toHaveProperty('http.response.status_code');
  });

  test('runs without an SDK too', async () => {
    const run = vi.fn(async () => 204);
    await requests().webhook(HEADERS, run);
    expect(run).toHaveBeenCalledOnce();
  });
});
