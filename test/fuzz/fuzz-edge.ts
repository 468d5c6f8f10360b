import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import fc from 'fast-check';
import pino from 'pino';
import { loadConfig } from '../../src/config.ts';
import { createGateway, type Gateway } from '../../src/gateway.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { connect } from '../support/ws-client.ts';
import { httpInputs } from './http-input.ts';
import { frame, webSocketInputs } from './web-socket-input.ts';

/** An edge of the gateway, and the garbage for it. */
export type Edge = 'websocket' | 'http';

export interface FuzzOptions {
  readonly edge: Edge;
  /** Connections, each with an input of its own. */
  readonly inputs: number;
  /** The same seed makes the same inputs. */
  readonly seed: number;
  readonly onProgress?: (done: number) => void;
}

export interface FuzzReport {
  readonly inputs: number;
  readonly seed: number;
  /** Errors that the gateway logged as unexpected: each is a fault of the gateway. */
  readonly unexpected: readonly string[];
  /** Updates a healthy client received meanwhile, and the longest it waited for one, in ms. */
  readonly updates: number;
  readonly longestGapMs: number;
  /** What was left once all had gone. */
  readonly left: ReturnType<Gateway['counts']>;
  /** Resident memory at the end as a multiple of that after the first tenth. */
  readonly memoryRatio: number;
}

const BATCH = 500;
const AT_ONCE = 16;
/** A client that has sent half a frame or half a request gets no answer: it hangs up after this, in ms. */
const PATIENCE_MS = 40;

const HANDSHAKE = Buffer.from(
  'GET /graphql HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n' +
    'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n',
);
const MARK = 'the end of the input';
const MARKED_PING = frame(9, Buffer.from(MARK));

/** Sends generated garbage to one edge of a gateway while a healthy client watches a task that changes. */
export async function fuzzEdge({ edge, inputs, seed, onProgress }: FuzzOptions): Promise<FuzzReport> {
  const unexpected: string[] = [];
  await using simulator = await startSimulator();
  const config = loadConfig({
    PORT: '0',
    A2E_API_URL: simulator.url,
    A2E_API_TOKEN: 'demo-token',
    WEBHOOK_TOKEN: 'hook',
    POLL_INTERVAL_MS: '100',
    POLL_MAX_INTERVAL_MS: '100',
    POLL_LINGER_MS: '50',
  });
  const log = pino({ level: 'error' }, { write: (line: string) => void unexpected.push(line) });
  await using gateway = await createGateway(config, { log });
  simulator.setTask('live', { status: 'init' });
  const port = Number(new URL(gateway.url).port);
  const healthy = await watchHealthy(gateway.url, (progress) =>
    simulator.setTask('healthy', { status: 'process', process: progress }),
  );
  let memory = 0;
  for (let done = 0; done < inputs; done += BATCH) {
    const count = Math.min(BATCH, inputs - done);
    const batch: (readonly Buffer[])[] = fc.sample(edge === 'http' ? httpInputs : webSocketInputs, {
      numRuns: count,
      seed: seed + done,
    });
    await atOnce(batch, (input) => deliver(port, edge, input));
    if (memory === 0 && done + count >= inputs / 10) memory = process.memoryUsage.rss();
    onProgress?.(done + count);
  }
  const { updates, longestGapMs } = await healthy.stop();
  const left = await settled(gateway);
  return { inputs, seed, unexpected, updates, longestGapMs, left, memoryRatio: process.memoryUsage.rss() / memory };
}

/** Sends one input, waits until it has been dealt with, and cuts the connection. */
async function deliver(port: number, edge: Edge, input: readonly Buffer[]): Promise<void> {
  const socket = connectTcp(port, '127.0.0.1');
  socket.on('error', () => {});
  const closed = once(socket, 'close');
  if (edge === 'websocket') socket.write(HANDSHAKE);
  for (const part of input) socket.write(part);
  if (edge === 'websocket') socket.write(MARKED_PING);
  await Promise.race([closed, answered(socket, edge), timeout()]);
  socket.destroy();
  await closed;
}

function answered(socket: Socket, edge: Edge): Promise<void> {
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text = (text + chunk.toString('latin1')).slice(-4_096);
      if (edge === 'websocket' ? text.includes(MARK) : text.includes('\r\n\r\n')) resolve();
    });
  });
}

function timeout(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, PATIENCE_MS);
  });
}

async function atOnce<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const item of queue) await run(item);
    }),
  );
}

interface Healthy {
  stop(): Promise<{ readonly updates: number; readonly longestGapMs: number }>;
}

async function watchHealthy(url: string, change: (progress: number) => void): Promise<Healthy> {
  let progress = 0;
  const step = (): void => change(++progress % 100);
  step();
  const client = await connect(url);
  let last = performance.now();
  let longestGapMs = 0;
  let updates = 0;
  client.socket.on('message', () => {
    updates += 1;
    longestGapMs = Math.max(longestGapMs, performance.now() - last);
    last = performance.now();
  });
  client.subscribe('w', 'subscription { taskStatus(id: "healthy") { progress } }');
  const timer = setInterval(step, 100);
  return {
    async stop() {
      await client.messages.count(updates + 2);
      clearInterval(timer);
      await client[Symbol.asyncDispose]();
      return { updates, longestGapMs };
    },
  };
}

/** What is left after 5 s at most: watches linger a little. */
async function settled(gateway: Gateway): Promise<ReturnType<Gateway['counts']>> {
  const deadline = performance.now() + 5_000;
  for (;;) {
    const counts = gateway.counts();
    const quiet = Object.values(counts).every((count) => count === 0);
    if (quiet || performance.now() > deadline) return counts;
    await timeout();
  }
}
