import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { UpstreamBadResponse } from '../../src/errors.ts';
import { createGateway } from '../../src/gateway.ts';
import type { TaskSource } from '../../src/task/task-source.ts';
import { CheckedSource } from '../../src/upstream/checked-source.ts';
import { report } from '../task/scripted-source.ts';

const credential = { key: 'k', token: 'a-token', owner: 'gateway' } as const;

/** A source that answers with a value of any type, as an adapter without types may. */
function sourceOf(answer: unknown): TaskSource {
  return { read: async () => answer as Awaited<ReturnType<TaskSource['read']>> };
}

function read(answer: unknown) {
  return new CheckedSource(sourceOf(answer)).read('t1', credential, new AbortController().signal);
}

test('a query of a source with odd values has them as null or within their range', async () => {
  const odd = { progress: 37.5, resultUrl: 'not a url', resultPeopleUrl: 'javascript:alert(1)', createdAt: 1e300 };
  const config = loadConfig({ PORT: '0', LOG_LEVEL: 'silent', A2E_API_TOKEN: 'a-token', AUTH_MODE: 'open' });
  await using gateway = await createGateway(config, { source: sourceOf({ ...report('t1'), ...odd }) });
  const query = '{ videoTask(id: "t1") { status progress resultUrl resultPeopleUrl createdAt } }';
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${gateway.url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) });
  const videoTask = { status: 'PROCESS', progress: 38, resultUrl: null, resultPeopleUrl: null, createdAt: null };
  expect(await response.json()).toEqual({ data: { videoTask } });
});

test.each([
  [{ progress: 250 }, { progress: 100 }],
  [{ progress: Number.NaN }, { progress: null }],
  [{ message: 'x'.repeat(5_000) }, { message: 'x'.repeat(4_096) }],
  [{ message: {} }, { message: null }],
  [{ color: 'x'.repeat(257) }, { color: null }],
  [{ backgroundWidth: 2 ** 31 }, { backgroundWidth: null }],
  [{ reportedAt: 1.5 }, { reportedAt: 2 }],
  [{ createdAt: new Date() }, { createdAt: null }],
  [{ status: 'RENDERING' }, { status: 'UNKNOWN' }],
  [{ rawStatus: undefined }, { rawStatus: 'PROCESS' }],
  [{ extra: 1 }, {}],
])('a task with %o reads as the task with %o', async (odd, expected) => {
  expect(await read({ ...report('t1'), ...odd })).toEqual({ ...report('t1'), ...expected });
});

test.each([undefined, 'text', [], { ...report('t2') }, { ...report('t1'), status: 7 }, {}])(
  'the answer %o is a bad response',
  async (answer) => {
    await expect(read(answer)).rejects.toThrow(UpstreamBadResponse);
  },
);

test('null is no task, and an error of the source stays', async () => {
  expect(await read(null)).toBeNull();
  const failing: TaskSource = { read: () => Promise.reject(new Error('broken')) };
  await expect(new CheckedSource(failing).read('t1', credential, new AbortController().signal)).rejects.toThrow(
    'broken',
  );
});
