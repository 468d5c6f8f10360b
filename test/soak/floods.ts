import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { clientFrame, HANDSHAKE, hostileSocket, until } from '../support/hostile-socket.ts';
import { seriesValue } from '../support/scrape.ts';
import type { SoakGateway } from './fleet.ts';
import type { Flood } from './plan.ts';
import { neverRead } from './unread-updates.ts';

const PING_OPCODE = 9;
/** A gateway takes a burst of 300 frames. */
const PINGS_PER_TIME = 10;
const LOOK_MS = 250;

/** What a flood needs of the run. */
export interface FloodSurroundings {
  /** Adds the state of a task to the simulated A2E. */
  readonly setTask: (id: string, message: string) => void;
  readonly removeTask: (id: string) => void;
  /** The time since an instant of `performance.now()` without the stalls of the machine, in ms. */
  readonly elapsedSince: (from: number) => number;
}

/** The gateway that is flooded. */
interface FloodedGateway extends Pick<SoakGateway, 'name' | 'isEnding'> {
  readonly process: Pick<SoakGateway['process'], 'url' | 'metrics'>;
}

/** The counter that a flood raises, and within how many ms. */
interface Refusal {
  readonly series: string;
  readonly withinMs: number;
}

/** The floods that a gateway refuses. It answers the others. */
const REFUSALS: Readonly<Partial<Record<Flood, Refusal>>> = {
  pings: { series: 'refusals_total{reason="flood"}', withinMs: 15_000 },
  connections: { series: 'refusals_total{reason="connections"}', withinMs: 15_000 },
  // It fills the buffers of the sockets, and reads no byte for 20 s.
  'unread updates': { series: 'stalled_clients_total{transport="websocket"}', withinMs: 60_000 },
};

/** A TCP connection to a gateway whose errors are part of the flood. */
async function openTcp(gatewayUrl: string): Promise<Socket> {
  const { hostname, port } = new URL(gatewayUrl);
  const socket = connectTcp(Number(port), hostname);
  socket.on('error', () => {});
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
  return socket;
}

async function upgrade(gatewayUrl: string): Promise<Socket> {
  const socket = await openTcp(gatewayUrl);
  socket.write(HANDSHAKE);
  await until(socket, 'HTTP/1.1 ');
  return socket;
}

type Begin = (gatewayUrl: string, times: number, surroundings: FloodSurroundings) => Promise<Disposable | null>;

/** Each sends its flood, and returns the part of it that lasts until the gateway has refused it. */
const FLOODS: Readonly<Record<Flood, Begin>> = {
  /** Pings in one write, and no answer is read. */
  async pings(gatewayUrl, times) {
    const socket = await hostileSocket(gatewayUrl);
    socket.write(Buffer.concat(Array(PINGS_PER_TIME * times).fill(clientFrame(PING_OPCODE, 'flood'))));
    return { [Symbol.dispose]: () => socket.destroy() };
  },
  async queries(gatewayUrl, times) {
    const body = JSON.stringify({ query: '{ __typename }' });
    const headers = { 'content-type': 'application/json' };
    const ask = async (): Promise<void> => {
      const response = await fetch(`${gatewayUrl}/graphql`, { method: 'POST', headers, body });
      await response.text();
    };
    await Promise.allSettled(Array.from({ length: times }, ask));
    return null;
  },
  /** Bytes that are no HTTP. */
  async garbage(gatewayUrl, times) {
    for (let sent = 0; sent < times; sent += 1) {
      const socket = await openTcp(gatewayUrl);
      socket.end(`\0garbage ${sent}\r\n\r\n`);
      socket.resume();
    }
    return null;
  },
  /** More WebSockets than `MAX_CONNECTIONS`. */
  async connections(gatewayUrl, times) {
    const sockets = await Promise.all(Array.from({ length: times }, () => upgrade(gatewayUrl)));
    for (const socket of sockets) socket.resetAndDestroy();
    return null;
  },
  'unread updates': (gatewayUrl, _times, surroundings) => neverRead(gatewayUrl, surroundings),
};

/**
 * Floods one gateway; resolves to the text of a violation when the gateway does not refuse what it has to refuse, or null.
 * Never rejects, because the gateway may be gone.
 */
export async function flood(
  kind: Flood,
  gateway: FloodedGateway,
  times: number,
  surroundings: FloodSurroundings,
): Promise<string | null> {
  const refusal = REFUSALS[kind];
  try {
    const before = refusal ? await refusedBy(gateway, refusal) : 0;
    using _flood = await FLOODS[kind](gateway.process.url, times, surroundings);
    if (!refusal) return null;
    const from = performance.now();
    while ((await refusedBy(gateway, refusal)) <= before) {
      if (gateway.isEnding) return null;
      if (surroundings.elapsedSince(from) > refusal.withinMs)
        return `${gateway.name} did not refuse a flood of ${kind}`;
      await delay(LOOK_MS);
    }
  } catch (error) {
    if (!gateway.isEnding) return `${gateway.name} in a flood of ${kind}: ${error}`;
  }
  return null;
}

async function refusedBy({ process }: FloodedGateway, { series }: Refusal): Promise<number> {
  return seriesValue(await process.metrics(), `video_task_gateway_${series}`) ?? 0;
}
