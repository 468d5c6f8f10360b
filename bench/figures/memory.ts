import { Child } from '../support/child.ts';
import { median } from '../support/median.ts';
import { type ServerUnderTest, startGateway, startMadeUp } from '../support/server-under-test.ts';
import { compared, type Figure } from './figure.ts';

const FEW = 3_000;
const MANY = 12_000;
const ROUNDS = 3;

/** Resident memory per subscriber, after the first subscribers, for which the process has grown once. */
async function memoryEach(start: () => Promise<ServerUnderTest>, transport: 'ws' | 'sse'): Promise<number> {
  await using target = await start();
  await target.publish(1);
  await using clients = Child.start(`./${transport}-clients.ts`);
  await clients.call('connect', target.url, FEW, 1);
  const before = await target.server.rss();
  await clients.call('connect', target.url, MANY - FEW, 1);
  return ((await target.server.rss()) - before) / (MANY - FEW) / 1024;
}

function memory(transport: 'ws' | 'sse', against: string, atMost: number): Figure {
  const name = `${transport}-memory`;
  const env = { POLL_INTERVAL_MS: '3000', POLL_MAX_INTERVAL_MS: '10000' };
  return {
    name,
    async run() {
      const [own, bare]: [number[], number[]] = [[], []];
      for (let round = 0; round < ROUNDS; round += 1) {
        bare.push(await memoryEach(() => startMadeUp(`bare-${transport}`), transport));
        own.push(await memoryEach(() => startGateway({ env }), transport));
      }
      return [compared({ name, unit: 'KiB per subscriber' }, [median(own), median(bare)], against, { atMost })];
    },
  };
}

export const webSocketMemory = memory('ws', 'bare ws', 1.6);
export const sseMemory = memory('sse', 'bare node:http', 1.2);
