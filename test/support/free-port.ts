import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Each worker of a test run has ports of its own, so that no two servers get the same port. */
const COUNT = 1_000;
const FIRST = 20_000 + COUNT * (Number(process.env['VITEST_POOL_ID'] ?? 0) % 12);
let next = FIRST + randomInt(COUNT);

/**
 * A port that is free now. It lies below the ephemeral ports of the system, so that no other process takes it while its
 * server is down.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + ((next - FIRST) % COUNT);
    next += 1;
    const server = createServer().listen(port, '127.0.0.1');
    const free = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!free) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
