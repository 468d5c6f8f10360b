import { measureServers } from '../support/paired-runs.ts';
import { startGateway, startScrapedGateway } from '../support/server-under-test.ts';
import { compared, type Figure } from './figure.ts';

/** The cost of being scraped each second, in CPU per update. */
export const scraping: Figure = {
  name: 'ws-scraped',
  async run() {
    const options = { transport: 'ws', subscribers: 1_000, updates: 15, stretches: 5 } as const;
    const { cpuMicros } = await measureServers([() => startScrapedGateway(), () => startGateway()], options);
    const [scraped = Number.NaN, alone = Number.NaN] = cpuMicros;
    return [
      compared({ name: 'ws-scraped', unit: 'µs CPU per update' }, [scraped, alone], 'no scrapes', { atMost: 1.03 }),
    ];
  },
};
