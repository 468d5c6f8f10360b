import { Unauthenticated } from '../../errors.ts';

/** The error that ends a live subscription when the caller's token has expired. */
export function expired(): Unauthenticated {
  return new Unauthenticated('The token has expired');
}

/** The wall clock is read this often, in ms, because it may step while a timer runs. */
const CHECK_MS = 30_000;

/**
 * Calls `end` at `expiresAt` (ms since the epoch; null: never). A wall clock that is set forward past it ends the wait within
 * 30 s; one that is set back does not prolong it. Returns a function that cancels the call.
 */
export function onExpiry(expiresAt: number | null, end: () => void): () => void {
  if (expiresAt === null) return () => {};
  const deadline = performance.now() + expiresAt - Date.now();
  const left = (): number => Math.min(expiresAt - Date.now(), deadline - performance.now());
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    timer = setTimeout(check, Math.min(CHECK_MS, Math.max(0, left()))).unref();
  };
  const check = (): void => (left() > 0 ? wait() : end());
  wait();
  return () => clearTimeout(timer);
}
