import { expect, test } from 'vitest';
import {
  AccessDenied,
  createGateway,
  loadConfig,
  type TaskSource,
  TokenRefused,
  UpstreamBadResponse,
  UpstreamRateLimited,
} from '../../src/index.ts';
import { startLogged } from '../server/access-log/logged-gateway.ts';
import { post } from '../support/http-client.ts';
import { metricOf } from '../support/metrics-of.ts';
import { openSocket } from '../support/ws-client.ts';
import { report } from '../task/scripted-source.ts';

type Read = TaskSource['read'];

/** The source of each id. */
const READS: Readonly<Record<string, Read>> = {
  known: async () => report('known'),
  unknown: async () => null,
  denied: () => Promise.reject(new AccessDenied('not yours')),
  limited: () => Promise.reject(new UpstreamRateLimited('slower', { retryAfterMs: 7_000 })),
  odd: () => Promise.reject(new UpstreamBadResponse('odd')),
  html: async () => JSON.parse('<p>confidential'),
  cut: () => Promise.reject(new TypeError('terminated', { cause: Object.assign(new Error('cut'), { code: 'EPIPE' }) })),
  bug: () => Promise.reject(new TypeError('a bug of the adapter')),
};

function sourceOf(read: Read): TaskSource {
  return { name: 'predictions', read };
}

const BY_ID = sourceOf((id, ...rest) => (READS[id] as Read)(id, ...rest));

/** The task and the codes of the errors of a query. */
async function query(url: string, id: string, headers: Record<string, string> = {}) {
  const answer = await post(url, `{ videoTask(id: "${id}") { status } }`, { headers });
  const { data, errors = [] } = answer.json() as {
    data: { videoTask: unknown } | null;
    errors?: readonly { message: string; extensions: Record<string, unknown> }[];
  };
  return {
    task: data?.videoTask ?? null,
    errors: errors.map(({ message, extensions }) => ({ message, ...extensions })),
  };
}

test('each outcome of a source is an outcome of the schema, a metric, and a log line where it is a failure', async () => {
  await using server = await startLogged('warn', {}, { source: BY_ID });
  const { url } = server;
  expect(await query(url, 'known')).toEqual({ task: { status: 'PROCESS' }, errors: [] });
  expect(await query(url, 'unknown')).toEqual({ task: null, errors: [] });
  expect((await query(url, 'denied')).errors).toMatchObject([
    { code: 'FORBIDDEN', message: 'predictions denies access to this task' },
  ]);
  expect((await query(url, 'odd')).errors).toMatchObject([{ code: 'UPSTREAM_BAD_RESPONSE' }]);
  expect((await query(url, 'html')).errors).toMatchObject([{ code: 'UPSTREAM_BAD_RESPONSE' }]);
  expect((await query(url, 'cut')).errors).toMatchObject([{ code: 'UPSTREAM_UNAVAILABLE' }]);
  expect((await query(url, 'bug')).errors).toMatchObject([{ code: 'UPSTREAM_UNAVAILABLE' }]);
  expect((await query(url, 'limited')).errors).toMatchObject([{ code: 'UPSTREAM_RATE_LIMITED', retryAfterSeconds: 7 }]);

  await server.line('predictions fails');
  const unexpected = server.lines.all.filter(({ msg }) => msg === 'unexpected error');
  expect(unexpected).toMatchObject([{ err: { message: 'a bug of the adapter' } }]);
  expect(JSON.stringify(server.lines.all)).not.toContain('confidential');

  const calls = await Promise.all(
    ['200', '404', '403', '429', 'unanswered'].map((outcome) =>
      metricOf(url, `video_task_gateway_upstream_calls_total{outcome="${outcome}"}`),
    ),
  );
  expect(calls).toEqual([3, 1, 1, 1, 2]);
  expect(await metricOf(url, 'video_task_gateway_upstream_call_seconds_count')).toBe(8);
});

test('a read that never settles makes the task stale at UPSTREAM_TIMEOUT_MS, and the polls go on', async () => {
  const signals: AbortSignal[] = [];
  const source = sourceOf(async (id, _credential, signal) => {
    signals.push(signal);
    return signals.length === 1 ? report(id) : new Promise<never>(() => {});
  });
  await using server = await startLogged('silent', { UPSTREAM_TIMEOUT_MS: '100' }, { source });
  await using socket = await openSocket(server.url);
  socket.send({ type: 'connection_init' });
  socket.subscribe('1', 'subscription { taskStatus(id: "t1") { stale } }');
  await expect.poll(() => socket.about('1')).toMatchObject([{ type: 'next' }, { type: 'next' }]);
  expect(socket.about('1').at(-1)).toMatchObject({ payload: { data: { taskStatus: { stale: true } } } });
  await expect.poll(() => signals.length).toBeGreaterThan(2);
  expect(signals[1]?.aborted).toBe(true);
});

test('disposal of the gateway aborts the calls under way', async () => {
  const called = Promise.withResolvers<AbortSignal>();
  const source = sourceOf((_id, _credential, signal) => {
    called.resolve(signal);
    return new Promise(() => {});
  });
  const server = await startLogged('silent', {}, { source });
  await using socket = await openSocket(server.url);
  socket.send({ type: 'connection_init' });
  socket.subscribe('1', 'subscription { taskStatus(id: "t1") { id } }');
  const signal = await called.promise;
  expect(signal.aborted).toBe(false);
  await server[Symbol.asyncDispose]();
  expect(signal.aborted).toBe(true);
});

test('in passthrough the source has the token of the caller, and a refusal concerns that caller', async () => {
  const source = sourceOf(async (id, { token }) => {
    if (token !== 'good') throw new TokenRefused('no');
    return report(id);
  });
  const env = { AUTH_MODE: 'passthrough', A2E_API_TOKEN: '' };
  await using server = await startLogged('silent', env, { source });
  const ask = (token: string) => query(server.url, 't1', { authorization: `Bearer ${token}` });
  expect(await ask('good')).toEqual({ task: { status: 'PROCESS' }, errors: [] });
  const refused = { code: 'UNAUTHENTICATED', message: 'predictions refuses this token' };
  // The second refusal is the scheduler's.
  expect((await ask('bad')).errors).toMatchObject([refused]);
  expect((await ask('bad')).errors).toMatchObject([refused]);
  expect(await ask('good')).toEqual({ task: { status: 'PROCESS' }, errors: [] });
});

test('a source without a token runs in open mode, and A2E does not', async () => {
  const env = { PORT: '0', LOG_LEVEL: 'silent', AUTH_MODE: 'open' };
  expect(() => loadConfig(env)).toThrow('A2E_API_TOKEN is unset');
  const config = loadConfig(env, { needsToken: false });
  await expect(createGateway(config)).rejects.toThrow('A2E needs a token of the gateway');
  const tokens: string[] = [];
  const source = sourceOf(async (id, { token }) => {
    tokens.push(token);
    return report(id);
  });
  await using gateway = await createGateway(config, { source });
  expect(await query(gateway.url, 't1')).toEqual({ task: { status: 'PROCESS' }, errors: [] });
  expect(tokens).toEqual(['']);
});
