import { setTimeout as delay } from 'node:timers/promises';
import { RESOURCES_KEPT_MS } from '../../src/observability/metrics/process-metrics.ts';
import { seriesValue } from '../support/scrape.ts';
import type { StallDetector } from '../support/stall-detector.ts';
import type { SoakFleet, SoakGateway } from './fleet.ts';
import { heapAfterCollection } from './inspector.ts';

/** Nobody watches at the end of a round: these fall to 0. */
const EMPTY = ['watched_tasks', 'connections', 'live_results', 'waiting_reads', 'open_requests'] as const;
/** `POLL_LINGER_MS`, one interval, and the pings that find a dead connection take less, in ms. */
const EMPTY_WITHIN_MS = 15_000;
const LOOK_MS = 250;

/** What a gateway holds while nobody watches. */
export interface RestSample {
  readonly gateway: string;
  /** Since the start of its process, in ms. */
  readonly ageMs: number;
  readonly heapBytes: number;
  readonly handles: number;
}

/** Waits until a gateway holds nothing for clients; resolves to the series that do not fall to 0. */
async function leftIn({ process }: SoakGateway, stalls: StallDetector): Promise<readonly string[]> {
  const from = performance.now();
  for (;;) {
    const scrape = await process.metrics();
    const left = EMPTY.map((name) => [name, seriesValue(scrape, `video_task_gateway_${name}`)] as const)
      .filter(([name, value]) => value !== (name === 'open_requests' ? 1 : 0) && value !== 0)
      .map(([name, value]) => `${name} ${value}`);
    if (left.length === 0 || stalls.elapsedSince(from) > EMPTY_WITHIN_MS) return left;
    await delay(LOOK_MS);
  }
}

/** Checks that every gateway has let go of everything, and measures it. */
export async function checkRest(
  fleet: SoakFleet,
  stalls: StallDetector,
  violate: (text: string) => void,
): Promise<readonly RestSample[]> {
  const samples = fleet.gateways.map(async (gateway): Promise<RestSample> => {
    const { name, process, startedAt } = gateway;
    const left = await leftIn(gateway, stalls);
    if (left.length > 0) violate(`${name} holds without a client: ${left.join(', ')}`);
    const heapBytes = await heapAfterCollection(process.log);
    const handles = await handlesOf(process);
    return { gateway: name, ageMs: performance.now() - startedAt, heapBytes, handles };
  });
  return Promise.all(samples);
}

/** A count that an earlier scrape has taken, with clients connected, has expired by then. */
async function handlesOf(process: SoakGateway['process']): Promise<number> {
  await delay(RESOURCES_KEPT_MS);
  const scrape = await process.metrics();
  const counts = scrape.matchAll(/^nodejs_active_resources(?:\{[^}]*\})? (\d+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}
