import { expose } from './probe.ts';

/** Counts the updates that the clients of this process have got. */
let count = 0;
let lastAt = 0;
let awaited: { readonly count: number; readonly resolve: () => void } | null = null;

/** Called for each update of each client. */
export function arrived(): void {
  count += 1;
  if (!awaited || count < awaited.count) return;
  lastAt = performance.timeOrigin + performance.now();
  awaited.resolve();
  awaited = null;
}

expose('count', () => count);

/** Resolves once `total` updates have arrived since the start, to when the last of them did, in ms since the epoch. */
expose('arrivals', async (total: number) => {
  if (count < total) {
    const { promise, resolve } = Promise.withResolvers<void>();
    awaited = { count: total, resolve };
    await promise;
  }
  return lastAt;
});
