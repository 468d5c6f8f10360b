import { context, propagation, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanExporter,
  StackContextManager,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CallbackQueue } from '../../support/callback-queue.ts';
import { type Pair, startPair } from '../../support/gateway.ts';
import { post } from '../../support/http-client.ts';
import { openStream } from '../../support/sse-client.ts';
import { connect } from '../../support/ws-client.ts';

const WATCH = 'subscription Watch($id: ID!) { taskStatus(id: $id) { status } }';
const READ = 'query Read($id: ID!) { videoTask(id: $id) { status } }';
const OUTCOME = 'video_task_gateway.outcome';
const traceId = (digit: string): string => digit.repeat(32);
const traceparent = (digit: string): string => `00-${traceId(digit)}-${'1'.repeat(16)}-01`;

/** Receives each span as soon as it ends. */
class Spans implements SpanExporter {
  readonly ended = new CallbackQueue<ReadableSpan>();

  export(spans: ReadableSpan[], onResult: (result: { code: number }) => void): void {
    for (const span of spans) this.ended.put(span);
    onResult({ code: 0 });
  }

  async shutdown(): Promise<void> {}

  /** The operation in a client's trace. */
  of(digit: string): Promise<ReadableSpan> {
    return this.ended.find((span) => span.spanContext().traceId === traceId(digit));
  }
}

let spans: Spans;
let pair: Pair;
beforeEach(async () => {
  spans = new Spans();
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: spans })] }));
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  context.setGlobalContextManager(new StackContextManager().enable());
  pair = await startPair();
  pair.simulator.setTask('task-1', { status: 'process', process: 10 });
});
afterEach(async () => {
  await pair[Symbol.asyncDispose]();
  trace.disable();
  propagation.disable();
  context.disable();
});

test('an operation on a WebSocket belongs to the trace that it names, else to the trace of its connection', async () => {
  await using client = await connect(pair.gateway.url, { traceparent: traceparent('a') });
  const payload = { query: READ, variables: { id: 'task-1' }, extensions: { traceparent: traceparent('b') } };
  client.send({ id: 'own', type: 'subscribe', payload });
  client.subscribe('plain', READ, { id: 'task-1' });
  await Promise.all([client.ended('own'), client.ended('plain')]);
  for (const digit of ['a', 'b'])
    expect((await spans.of(digit)).attributes).toMatchObject({
      'graphql.operation.name': 'Read',
      'video_task_gateway.transport': 'websocket',
      'video_task_gateway.task.ids': ['task-1'],
      [OUTCOME]: 'completed',
    });
});

describe('the end of a traced subscription is recorded', () => {
  const headers = { traceparent: traceparent('c') };

  test('as completed with the final state', async () => {
    await using stream = await openStream(pair.gateway.url, { query: WATCH, variables: { id: 'task-1' }, headers });
    await stream.events.count(1);
    pair.simulator.setTask('task-1', { status: 'success' });
    await stream.ended;
    const { attributes, status } = await spans.of('c');
    expect([attributes[OUTCOME], status.code]).toEqual(['completed', 0]);
  });

  test('as failed with the code of its error', async () => {
    await using stream = await openStream(pair.gateway.url, { query: WATCH, variables: { id: 'no id' }, headers });
    await stream.ended;
    const { attributes, status } = await spans.of('c');
    expect([attributes[OUTCOME], attributes['error.type']]).toEqual(['failed', 'BAD_USER_INPUT']);
    expect(status.code).toBe(2);
  });

  test('as unsubscribed when the client leaves, and a poll that served it links to it', async () => {
    const stream = await openStream(pair.gateway.url, { query: WATCH, variables: { id: 'task-1' }, headers });
    const poll = await spans.ended.find(({ name, links }) => name === 'poll' && links.length === 1);
    await stream[Symbol.asyncDispose]();
    const left = await spans.of('c');
    expect(left.attributes[OUTCOME]).toBe('unsubscribed');
    expect(poll.links[0]?.context).toEqual(left.spanContext());
  });
});

describe('a traced query', () => {
  const headers = { traceparent: traceparent('d') };

  test('links to the poll that it waits for', async () => {
    await post(pair.gateway.url, READ, { variables: { id: 'task-1' }, headers });
    const [query, poll] = [await spans.of('d'), await spans.ended.find(({ name }) => name === 'poll')];
    expect(query.attributes).toMatchObject({ [OUTCOME]: 'completed', 'video_task_gateway.transport': 'http' });
    expect(poll.links.map(({ context: { spanId } }) => spanId)).toEqual([query.spanContext().spanId]);
  });

  test('that fails has the code of its error, and no message', async () => {
    await post(pair.gateway.url, READ, { variables: { id: 'no id' }, headers });
    const { attributes, status } = await spans.of('d');
    expect([attributes[OUTCOME], attributes['error.type']]).toEqual(['failed', 'BAD_USER_INPUT']);
    expect(status.message).toBe('BAD_USER_INPUT');
  });

  test('that never runs has the code of its refusal', async () => {
    await post(pair.gateway.url, '{ nothing }', { headers });
    const { name, attributes } = await spans.of('d');
    expect([name, attributes['error.type']]).toEqual(['GraphQL Operation', 'GRAPHQL_VALIDATION_FAILED']);
  });
});
