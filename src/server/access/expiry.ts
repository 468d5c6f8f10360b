import { Unauthenticated } from '../../errors.ts';
import { MAX_TIMER_MS } from '../../timer-limit.ts';

/** The error that ends a live subscription when the caller's token has expired. */
export function expired(): Unauthenticated {
  return new Unauthenticated('The token has expired');
}

/** Calls `end` at `expiresAt` (ms since the epoch; null: never). Returns a function that cancels the call. */
export function onExpiry(expiresAt: number | null, end: () => void): () => void {
  if (expiresAt === null) return () => {};
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    const leftMs = Math.max(0, expiresAt - Date.now());
    timer = setTimeout(leftMs > MAX_TIMER_MS ? wait : end, Math.min(leftMs, MAX_TIMER_MS)).unref();
  };
  wait();
  return () => clearTimeout(timer);
}
