import { setTimeout } from 'node:timers/promises';

/** Loaded into every process of the benchmark: lets the one that started it call functions over IPC. */
type Callable = (...args: never[]) => unknown;

const exposed = new Map<string, Callable>();

/** Offers a function to the process that has started this one. */
export function expose(name: string, callable: Callable): void {
  exposed.set(name, callable);
}

expose('rss', async () => {
  for (let round = 0; round < 4; round += 1) {
    globalThis.gc?.();
    await setTimeout(100);
  }
  return process.memoryUsage.rss();
});

process.on('message', async ({ id, name, args }: { id: number; name: string; args: never[] }) => {
  try {
    const callable = exposed.get(name);
    if (!callable) throw new Error('not exposed');
    process.send?.({ id, result: await callable(...args) });
  } catch (error) {
    process.send?.({ id, error: String(error) });
  }
});
process.once('disconnect', () => process.exit());
