import { EventEmitter } from 'node:events';
import { createServer } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { ServedOperations } from '../../../src/observability/tracing/served-operations.ts';
import { schema } from '../../../src/schema/schema.ts';
import { clientOf } from '../../../src/server/access/client.ts';
import { OpenAuthenticator } from '../../../src/server/access/open-authenticator.ts';
import { DocumentStore } from '../../../src/server/graphql/document-store.ts';
import { createErrorMasker } from '../../../src/server/graphql/error-masking.ts';
import type { Operation } from '../../../src/server/graphql/operation.ts';
import { OperationCounts } from '../../../src/server/graphql/operation-counts.ts';
import { OperationExecutor } from '../../../src/server/graphql/operation-executor.ts';
import { QueryHandler } from '../../../src/server/graphql/query-handler.ts';
import { createYogaHandler } from '../../../src/server/graphql/yoga.ts';
import { Admission } from '../../../src/server/limits/admission.ts';
import { EventLoopQueue } from '../../../src/server/limits/event-loop-queue.ts';
import { createRefusals } from '../../../src/server/limits/refusals.ts';
import { subscriptionTimeouts } from '../../../src/task/task-observer.ts';
import { ask } from '../../support/http-client.ts';
import { TaskHarness } from '../../task/task-harness.ts';
import { run } from '../../upstream/upstream-server.ts';

/** What the documents of one account may take. */
const ACCOUNT_BYTES = 16 * 1024 * 1024;
/** The text of one account that may wait for its preparation. */
const ACCOUNT_TEXT = 4 * 1024 * 1024;
const limits = { tokens: 1_000, depth: 15, aliases: 15, rootFields: 20, directives: 20, ids: 100 };
const OVERLOADED = { extensions: { code: 'OVERLOADED', retryAfterSeconds: 5 } };

const caller = { ...(await new OpenAuthenticator('token').authenticate()), address: '127.0.0.1' };
const client = clientOf(caller, '127.0.0.1');

function query(id: string) {
  return { query: `{ videoTask(id: "${id}") { id } }`, hash: null, operationName: null, variables: {} };
}

/** The path of an operation in a gateway, in front of a scripted source. */
function createExecutor() {
  const harness = new TaskHarness();
  onTestFinished(() => harness[Symbol.asyncDispose]());
  const [refusals, counts] = [createRefusals(), new OperationCounts()];
  const documents = new DocumentStore({ schema, limits });
  const maskError = createErrorMasker((error) => expect.unreachable(String(error)));
  const executor = new OperationExecutor({
    ...{ schema, documents, limits, refusals, counts, maskError },
    registry: harness.registry,
    timeouts: subscriptionTimeouts(1_000, 15_000),
    queue: new EventLoopQueue(),
    admission: new Admission(undefined, refusals),
    served: new ServedOperations(),
  });
  return { executor, documents, refusals, counts, maskError, source: harness.source };
}

async function ready(executor: OperationExecutor, id: string): Promise<Operation> {
  const preparation = await executor.prepare(query(id), client);
  if (preparation.kind !== 'ready') throw new Error('The operation is rejected');
  return preparation.operation;
}

/** Leaves the documents of the client room for one query. */
async function fillUp({ executor, documents }: ReturnType<typeof createExecutor>): Promise<void> {
  const { prepared } = await ready(executor, 'filler');
  const { bytes } = (await ready(executor, 'one')).prepared;
  documents.budget.acquire({ ...prepared, bytes: ACCOUNT_BYTES - bytes }, client.account);
}

test('of two queries that fit by themselves and not together the second is refused, and makes no call', async () => {
  const built = createExecutor();
  const { executor, refusals, counts, source } = built;
  await fillUp(built);
  const [one, other] = [await ready(executor, 'one'), await ready(executor, 'two')];
  const subject = new EventEmitter();
  const results = await Promise.all([executor.execute(one, { subject }), executor.execute(other, { subject })]);
  expect(results).toMatchObject([{ data: { videoTask: { id: 'one' } } }, { errors: [OVERLOADED] }]);
  expect(results[1]).not.toHaveProperty('data');
  expect(source.calls.map(({ id }) => id)).toEqual(['one']);
  expect([refusals.counts.overloaded, counts.queries.counts]).toEqual([1, { ok: 1, error: 1 }]);
  // The room is there again.
  expect(await executor.execute(other, { subject })).toMatchObject({ data: { videoTask: { id: 'two' } } });
});

test('a document that has no room beside those that execute is rejected before it runs', async () => {
  const built = createExecutor();
  const { executor, documents, refusals, counts } = built;
  await fillUp(built);
  documents.budget.acquire((await ready(executor, 'one')).prepared, client.account);
  const preparation = await executor.prepare(query('two'), client);
  if (preparation.kind !== 'rejected') throw new Error('The operation may run');
  expect(preparation.errors).toMatchObject([OVERLOADED]);
  executor.onRejected(preparation.errors, client);
  expect([refusals.counts.overloaded, counts.rejected]).toEqual([1, 1]);
  const other = clientOf({ ...caller, rateKey: 'other' }, '127.0.0.1');
  expect(await executor.prepare(query('two'), other)).toMatchObject({ kind: 'ready' });
});

test('text that waits past the bound of its account is rejected with a time to wait, and the rest is prepared', async () => {
  const { executor } = createExecutor();
  const long = (n: number) => ({ ...query(`t${n}`), query: query(`t${n}`).query.padEnd(ACCOUNT_TEXT / 4) });
  const preparations = await Promise.all([1, 2, 3, 4].map((n) => executor.prepare(long(n), client)));
  expect(preparations.map(({ kind }) => kind)).toEqual(['ready', 'ready', 'ready', 'rejected']);
  expect(preparations[3]).toMatchObject({ errors: [{ extensions: { code: 'OVERLOADED', retryAfterSeconds: 1 } }] });
});

/** Answers queries over HTTP, once `together` requests are there. */
async function serve({ executor, maskError, counts }: ReturnType<typeof createExecutor>, together: number) {
  const yoga = createYogaHandler({ executor, maskError });
  const queries = new QueryHandler({ yoga, executor, maxBodyBytes: 65_536, counts });
  const waiting: (() => Promise<void>)[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    waiting.push(() => queries.serve(request, response, url, client));
    if (waiting.length === together) for (const next of waiting.splice(0)) void next();
  });
  return run(server);
}

function get(origin: string, id: string, accept = 'application/graphql-response+json') {
  return ask(`${origin}/graphql?query=${encodeURIComponent(query(id).query)}`, { headers: { accept } });
}

test.each(['application/json', 'application/graphql-response+json'])(
  'over HTTP a query that finds no room is answered with 503 and a time to wait, as %s',
  async (accept) => {
    const built = createExecutor();
    await using gateway = await serve(built, 1);
    await fillUp(built);
    const release = built.documents.budget.acquire((await ready(built.executor, 'one')).prepared, client.account);
    const refused = await get(gateway.origin, 'two', accept);
    expect(refused).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
    expect(refused.json()).toMatchObject({ errors: [OVERLOADED] });
    release();
    expect((await get(gateway.origin, 'two', accept)).json()).toEqual({ data: { videoTask: { id: 'two' } } });
  },
);

test('over HTTP a query that loses its room after its preparation is answered in the same way', async () => {
  const built = createExecutor();
  await using gateway = await serve(built, 2);
  await fillUp(built);
  for (const id of ['one', 'two']) await ready(built.executor, id);
  const answers = await Promise.all(['one', 'two'].map((id) => get(gateway.origin, id)));
  const [served, refused] = answers.toSorted((a, b) => a.status - b.status);
  expect(served).toMatchObject({ status: 200 });
  expect(refused).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
  expect(refused?.json()).toMatchObject({ errors: [OVERLOADED] });
  expect([built.counts.rejected, built.counts.queries.counts]).toEqual([0, { ok: 1, error: 1 }]);
});
