import { Unauthenticated } from '../../errors.ts';

/** The longest delay a Node timer keeps, in ms; a longer one would fire at once (nodejs.org/api/timers.html). */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The error that ends a live subscription when the caller's token has expired. */
export function expired(): Unauthenticated {
  return new Unauthenticated('The token has expired');
}

/** Calls `end` once `expiresAt` (ms since the epoch; null: never) has come. Undo with the returned function. */
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
