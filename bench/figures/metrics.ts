import { startGateway } from '../support/server-under-test.ts';
import { measurePairs } from '../support/stretch-pairs.ts';
import { SubscriberPool } from '../support/subscriber-pool.ts';
import { comparedPairs, type Figure } from './figure.ts';

const SCRAPE_EVERY_MS = 1_000;
const PAIRS = 10;
/** For some 4 s, so that each stretch has its share of the scrapes. */
const UPDATES = 30;

/**
 * The cost of being scraped each second, in CPU per update. One gateway is scraped in every other stretch: two processes
 * differ by more than the scrapes cost.
 */
export const scraping: Figure = {
  name: 'ws-scraped',
  async run() {
    await using gateway = await startGateway();
    await using pool = await SubscriberPool.connect(gateway, { transport: 'ws', subscribers: 1_000 });
    const metrics = new URL('/metrics', gateway.url);
    let isScraped = false;
    const timer = setInterval(async () => isScraped && (await fetch(metrics)).text(), SCRAPE_EVERY_MS);
    const measure = async (scraped: boolean): Promise<number> => {
      isScraped = scraped;
      return (await pool.measure(UPDATES)).cpuMicros;
    };
    const pairs = await measurePairs(PAIRS, [() => measure(true), () => measure(false)]);
    clearInterval(timer);
    return [comparedPairs({ name: 'ws-scraped', unit: 'µs CPU per update' }, pairs, 'no scrapes', { atMost: 1.03 })];
  },
};
