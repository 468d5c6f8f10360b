import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { GatewayProcess } from '../support/gateway-process.ts';
import { connect } from '../support/ws-client.ts';
import { answerFor, run } from '../upstream/upstream-server.ts';

const INTERVAL_MS = 250;
const TASKS = 500;
const POLLS = 10_000;
/** At most as many subscriptions as a socket may have. */
const PER_SOCKET = 100;
const ROW = { status: 'process', result: '', process: 10 };
const ENV = {
  A2E_API_TOKEN: 'demo-token',
  POLL_INTERVAL_MS: `${INTERVAL_MS}`,
  UPSTREAM_MAX_CONCURRENCY: `${TASKS}`,
};

/**
 * An A2E that resets each connection once it has been idle for the poll interval. It sends its answers together, twice
 * per interval, so that the polls stay together and each of them finds a connection that was idle for about an interval.
 */
class IdleClosingServer implements Disposable {
  readonly server = createServer({ keepAliveTimeout: 0 }, (request, response) => void this.#serve(request, response));
  /** Repeated requests: each goes over a connection of its own. */
  repeats = 0;
  /** Repeated requests that came while another one for the same task had no answer. */
  repeatsBeyondOne = 0;
  readonly #resets = new WeakMap<Socket, NodeJS.Timeout>();
  readonly #repeating = new Set<string>();
  readonly #pending: (() => void)[] = [];
  readonly #turns = setInterval(() => {
    for (const answer of this.#pending.splice(0)) answer();
  }, INTERVAL_MS / 2);

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket, headers } = request;
    clearTimeout(this.#resets.get(socket));
    const { _id: id } = JSON.parse(Buffer.concat(await request.toArray()).toString()) as { readonly _id: string };
    if (headers.connection === 'close') this.#countRepeat(id);
    this.#pending.push(() => {
      this.#repeating.delete(id);
      response.end(answerFor(id, ROW));
      this.#resets.set(
        socket,
        setTimeout(() => socket.resetAndDestroy(), INTERVAL_MS),
      );
    });
  }

  #countRepeat(id: string): void {
    this.repeats += 1;
    if (this.#repeating.has(id)) this.repeatsBeyondOne += 1;
    this.#repeating.add(id);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#turns);
  }
}

test('10,000 polls of an A2E that closes idle connections at the poll interval: no viewer sees a stale state', async () => {
  await using stack = new AsyncDisposableStack();
  const a2e = stack.use(new IdleClosingServer());
  const upstream = stack.use(await run(a2e.server));
  const gateway = stack.use(await GatewayProcess.start({ ...ENV, A2E_API_URL: upstream.origin }));
  const clients = await Promise.all(
    Array.from({ length: TASKS / PER_SOCKET }, async () => stack.use(await connect(gateway.url))),
  );
  for (let task = 0; task < TASKS; task += 1) {
    const subscription = `subscription { taskStatus(id: "task-${task}") { progress stale } }`;
    clients[Math.floor(task / PER_SOCKET)]?.subscribe(`${task}`, subscription);
  }
  await expect.poll(() => gateway.upstreamCalls(), { interval: 200 }).toBeGreaterThan(POLLS);
  const calls = [...(await gateway.metrics()).matchAll(/^video_task_gateway_upstream_calls_total\{(.*)\} [1-9]/gm)];
  expect(calls.map(([, labels]) => labels)).toEqual(['outcome="200"']);
  // No state changes, so a second state of a task could only be a stale one.
  const results = clients.flatMap(({ messages }) => messages.all).filter(({ type }) => type !== 'connection_ack');
  expect(results).toHaveLength(TASKS);
  const fresh = { type: 'next', payload: { data: { taskStatus: { progress: 10, stale: false } } } };
  expect(results.filter(({ type, payload }) => JSON.stringify({ type, payload }) !== JSON.stringify(fresh))).toEqual(
    [],
  );
  expect(a2e.repeats).toBeGreaterThan(50);
  expect(a2e.repeatsBeyondOne).toBe(0);
});
