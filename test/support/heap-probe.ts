import { setTimeout } from 'node:timers/promises';

/**
 * Loaded into a process with `--expose-gc --import`: answers every IPC message with the size of the heap after a
 * collection, in bytes.
 */
process.on('message', async () => {
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc?.();
    // Finalizers and closing sockets get their turn.
    await setTimeout(50);
  }
  process.send?.(process.memoryUsage().heapUsed);
});
