import { execSync } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { TOKEN } from '../support/gateway.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { clientFrame, hostileSocket } from '../support/hostile-socket.ts';

const RECONNECTS = 10_000;
/** Files a process may have open; NaN where that is not limited, or not told. */
const OPEN_FILES = Number.parseInt(execSync('ulimit -Hn').toString(), 10);
/** All of them, unless a process may have fewer files open: then they come in several waves. */
const CLIENTS = Math.min(RECONNECTS, (OPEN_FILES || Number.POSITIVE_INFINITY) - 200);
/** No test takes that long: every call but the first is one too many. */
const INTERVAL_MS = 3_600_000;

const WATCH = 'subscription { taskStatus(id: "popular") { status progress } }';
const CURRENT = '{"data":{"taskStatus":{"status":"PROCESS","progress":42}}}';

const SUBSCRIBE = clientFrame(1, JSON.stringify({ id: '1', type: 'subscribe', payload: { query: WATCH } }));
const SEARCH = `?query=${encodeURIComponent(WATCH)}`;
const STREAM = `GET /graphql${SEARCH} HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n`;

/** A watcher on a bare socket, because every other client takes longer than the measured time. */
interface Watcher {
  readonly socket: Socket;
  /** The first result, or the message that came instead. */
  readonly first: string;
}

async function overWebSocket(gatewayUrl: string): Promise<Watcher> {
  const socket = await hostileSocket(gatewayUrl);
  socket.write(SUBSCRIBE);
  return { socket, first: await firstResult(socket) };
}

async function overSse(gatewayUrl: string): Promise<Watcher> {
  const { hostname, port } = new URL(gatewayUrl);
  const socket = connect(Number(port), hostname).on('error', () => {});
  socket.write(STREAM);
  return { socket, first: await firstResult(socket) };
}

function firstResult(socket: Socket): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let seen = '';
  const look = (chunk: Buffer): void => {
    seen += chunk.toString('latin1');
    const found = /\{"data":.*?\}\}\}|"errors?".*/.exec(seen);
    if (found) resolve(found[0]);
  };
  const closed = (): void => resolve(`closed after "${seen}": ${socket.errored ?? 'no error'}`);
  if (socket.closed) closed();
  socket.on('data', look).once('close', closed);
  return promise.finally(() => socket.off('data', look).off('close', closed).resume());
}

/**
 * Where those of a round go: on Linux every round has a loopback address of its own. So no connection has both ends in
 * common with one that was reset a moment ago, as with ten thousand real clients. Where it could, one in some hundred
 * thousand was reset before a byte had come; that this is why is likely, not shown.
 */
function addressIn(round: number, gatewayUrl: string): string {
  return process.platform === 'linux' ? gatewayUrl.replace('127.0.0.1', `127.0.1.${round}`) : gatewayUrl;
}

/** The number of watchers by their first message. */
function tally(watchers: readonly Watcher[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { first } of watchers) counts[first] = (counts[first] ?? 0) + 1;
  return counts;
}

/** Resolves once a gateway has noticed that no watcher is left. */
function untilDeserted(url: string): Promise<void> {
  const gauges = async (): Promise<string> => (await fetch(`${url}/metrics`)).text();
  const deserted = /_watched_tasks 0\n.*_connections 0\n/s;
  return expect.poll(gauges, { timeout: 60_000 }).toMatch(deserted);
}

test.each([
  ['WebSocket', overWebSocket],
  ['SSE', overSse],
])(
  '10,000 reconnect at once over %s: served from known state, not one extra call upstream',
  {
    timeout: 120_000,
  },
  async (_transport, watch) => {
    await using simulator = await startSimulator({ tokens: [TOKEN] });
    simulator.setTask('popular', { status: 'process', process: 42 });
    const env = { A2E_API_URL: simulator.url, A2E_API_TOKEN: TOKEN, POLL_INTERVAL_MS: `${INTERVAL_MS}` };
    await using gateway = await GatewayProcess.start({ ...env, HOST: '0.0.0.0' });
    const gatewayUrl = gateway.url.replace('0.0.0.0', '127.0.0.1');
    let watchers: readonly Watcher[] = [];
    let round = 0;
    const dropAll = (): void => {
      for (const { socket } of watchers) socket.resetAndDestroy();
    };
    const reconnect = async (): Promise<void> => {
      round += 1;
      const url = addressIn(round, gatewayUrl);
      watchers = await Promise.all(Array.from({ length: CLIENTS }, () => watch(url)));
      expect(tally(watchers), gateway.log.join('\n')).toEqual({ [CURRENT]: CLIENTS });
      expect(simulator.totalCalls()).toBe(1);
    };

    await reconnect();
    for (let reconnected = 0; reconnected < RECONNECTS; reconnected += CLIENTS) {
      dropAll();
      await reconnect();
    }
    // Once more, when the gateway has stopped watching meanwhile.
    dropAll();
    await untilDeserted(gatewayUrl);
    await reconnect();
    dropAll();
  },
);
