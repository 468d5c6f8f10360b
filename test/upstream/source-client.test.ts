import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  AccessDenied,
  Forbidden,
  TlsFailure,
  TokenRefused,
  Unauthenticated,
  UpstreamBadResponse,
  UpstreamRateLimited,
  UpstreamUnavailable,
} from '../../src/errors.ts';
import type { TaskSource } from '../../src/task/task-source.ts';
import { SourceClient } from '../../src/upstream/source-client.ts';
import type { UpstreamEvent } from '../../src/upstream/upstream-event.ts';
import { report } from '../task/scripted-source.ts';

const CREDENTIAL = { key: 'k', token: 'a-token', owner: 'gateway' } as const;

/** A client of a source that answers every call with `read`, and the events of its calls. */
function clientOf(read: TaskSource['read'], timeoutMs = 1_000) {
  const events: UpstreamEvent[] = [];
  const source = { name: 'predictions', read };
  const client = new SourceClient({ source, timeoutMs, onEvent: (event) => events.push(event) });
  return { client, events, read: () => client.read('t1', CREDENTIAL) };
}

function throwing(error: unknown) {
  return clientOf(() => Promise.reject(error));
}

/** The error of `fetch`: a `TypeError` with the cause one level below. */
function fetchError(code: string): TypeError {
  return new TypeError('fetch failed', { cause: Object.assign(new Error('inner'), { code }) });
}

describe('deadline and disposal', () => {
  afterEach(() => void vi.useRealTimers());

  test('a call that never settles fails at the deadline, and its signal aborts', async () => {
    vi.useFakeTimers();
    let signal: AbortSignal | undefined;
    const { read, events } = clientOf((_id, _credential, given) => {
      signal = given;
      return new Promise(() => {});
    });
    const failed = expect(read()).rejects.toThrow(
      new UpstreamUnavailable('predictions did not answer in time', { reason: 'TIMEOUT' }),
    );
    await vi.advanceTimersByTimeAsync(999);
    expect(signal?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await failed;
    expect(signal?.aborted).toBe(true);
    expect(events).toEqual([{ kind: 'unanswered', ms: 1_000, reason: 'TIMEOUT' }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a source that heeds the signal has timed out too, and a late error is no unhandled rejection', async () => {
    vi.useFakeTimers();
    const { read, events } = clientOf(
      (_id, _credential, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    );
    const failed = expect(read()).rejects.toThrow('predictions did not answer in time');
    await vi.advanceTimersByTimeAsync(1_000);
    await failed;
    expect(events).toMatchObject([{ kind: 'unanswered', reason: 'TIMEOUT' }]);
  });

  test('disposal aborts the calls under way, and later calls fail', async () => {
    const { client, read, events } = clientOf(() => new Promise(() => {}));
    const call = expect(read()).rejects.toThrow(UpstreamUnavailable);
    client[Symbol.dispose]();
    await call;
    await expect(read()).rejects.toThrow(UpstreamUnavailable);
    expect(events).toMatchObject([{ kind: 'aborted' }]);
  });
});

describe('an answer', () => {
  test.each([
    [report('t1'), 200],
    [null, 404],
  ])('%o counts as the status %i', async (task, status) => {
    const { read, events } = clientOf(async () => task);
    expect(await read()).toEqual(task);
    expect(events).toMatchObject([{ kind: 'answered', status }, { kind: 'decoded' }]);
  });

  test('with an unknown status is reported', async () => {
    const { read, events } = clientOf(async () => report('t1', 'UNKNOWN'));
    await read();
    expect(events.map(({ kind }) => kind)).toEqual(['answered', 'decoded', 'unknown-status']);
  });
});

test.each<[unknown, new (...args: never[]) => Error, object]>([
  [new AccessDenied('no'), AccessDenied, { kind: 'answered', status: 403 }],
  [new Forbidden('no'), AccessDenied, { kind: 'answered', status: 403 }],
  [new TokenRefused('no'), TokenRefused, { kind: 'answered', status: 401 }],
  [new Unauthenticated('no'), TokenRefused, { kind: 'answered', status: 401 }],
  [new UpstreamRateLimited('slower'), UpstreamRateLimited, { kind: 'answered', status: 429 }],
  [new UpstreamUnavailable('HTTP 500'), UpstreamUnavailable, { kind: 'unanswered', reason: 'UPSTREAM_UNAVAILABLE' }],
  [fetchError('ECONNRESET'), UpstreamUnavailable, { kind: 'unanswered', reason: 'ECONNRESET' }],
  [fetchError('UND_ERR_SOCKET'), UpstreamUnavailable, { kind: 'unanswered', reason: 'UND_ERR_SOCKET' }],
  [fetchError('CERT_HAS_EXPIRED'), TlsFailure, { kind: 'tls-failure', reason: 'CERT_HAS_EXPIRED' }],
  [new DOMException('late', 'TimeoutError'), UpstreamUnavailable, { kind: 'unanswered', reason: 'TIMEOUT' }],
  [new DOMException('cut', 'AbortError'), UpstreamUnavailable, { kind: 'unanswered', reason: 'ABORTED' }],
])('the error %o is translated and reported', async (thrown, type, event) => {
  const { read, events } = throwing(thrown);
  const error = await read().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(type);
  expect(events).toMatchObject([event]);
});

test.each(['ECONNREFUSED', 'ENOTFOUND'])('%s is evidence against the origin', async (code) => {
  await expect(throwing(fetchError(code)).read()).rejects.toMatchObject({ unreachable: true });
});

test.each([
  new TypeError('Cannot read properties of undefined'),
  fetchError('ERR_INVALID_URL'),
  fetchError('UND_ERR_INVALID_ARG'),
  'a text',
])('the unexpected error %o stays as it is', async (thrown) => {
  const { read, events } = throwing(thrown);
  expect(await read().catch((reason: unknown) => reason)).toBe(thrown);
  expect(events).toMatchObject([{ kind: 'unanswered', reason: 'UNKNOWN' }]);
});

describe('an adapter that translates no error of fetch', () => {
  async function failureOf(listener: RequestListener): Promise<unknown> {
    await using api = createServer(listener);
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
    const { read } = clientOf(async (_id, _credential, signal) => {
      const response = await fetch(url, { signal, headers: { connection: 'close' } });
      return (await response.json()) as null;
    }, 10_000);
    return await read().catch((reason: unknown) => reason);
  }

  test('a body of HTML is a bad response, whose text the error does not quote', async () => {
    const error = await failureOf((_request, response) => response.end('<p>confidential'));
    expect(error).toBeInstanceOf(UpstreamBadResponse);
    expect(error).toMatchObject({ message: 'predictions answered with a body that is no JSON' });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('confidential');
  });

  test('a connection that is cut before and within the answer is no answer', async () => {
    const cutAtOnce = await failureOf((request) => request.socket.destroy());
    const cutWithin = await failureOf((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{', () => response.destroy());
    });
    for (const error of [cutAtOnce, cutWithin])
      expect(error).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', message: 'predictions did not answer' });
  });
});
