import { expect, vi } from 'vitest';
import type { Gateway } from '../../src/gateway.ts';

/** Resolves once a gateway is idle: it has no watch, no live result and no connection. */
export async function untilIdle(gateway: Gateway, withinMs = 20_000): Promise<void> {
  const quiet = { watches: 0, liveResults: 0, connections: 0 };
  await vi.waitFor(() => expect(gateway.counts()).toMatchObject(quiet), { timeout: withinMs, interval: 10 });
}
