import { expect, vi } from 'vitest';
import type { Gateway } from '../../src/gateway.ts';

/** Resolves once nothing runs in a gateway any more: no watch, no live result, no connection. */
export async function untilIdle(gateway: Gateway, withinMs = 20_000): Promise<void> {
  const quiet = { watches: 0, liveResults: 0, connections: 0 };
  await vi.waitFor(() => expect(gateway.counts()).toMatchObject(quiet), { timeout: withinMs, interval: 10 });
}
