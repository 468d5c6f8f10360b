import { expect } from 'vitest';
import { seriesValue } from './scrape.ts';

/** The value of one series of a gateway, named as in a scrape, labels included; undefined when there is none. */
export async function metricOf(url: string, series: string): Promise<number | undefined> {
  return seriesValue(await (await fetch(`${url}/metrics`)).text(), series);
}

/** Waits for a series of a gateway: an assertion about its value that is repeated until it holds. */
export function metric(url: string, series: string) {
  return expect.poll(() => metricOf(url, `video_task_gateway_${series}`), { interval: 100, timeout: 30_000 });
}
