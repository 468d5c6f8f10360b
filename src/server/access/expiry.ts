import { Unauthenticated } from '../../errors.ts';

/** The error that ends a live subscription when the caller's token has expired. */
export function expired(): Unauthenticated {
  return new Unauthenticated('The token has expired');
}

/** The wall clock is read this often, in ms, because it may step while a timer runs. */
const CHECK_MS = 30_000;

/**
 * Calls `end` at `expiresAt` (ms since the epoch; null: never), by the clocks at the time of the call. A wall clock that is set
 * back does not prolong the wait. One that is set forward past it, and stays there for two checks in a row, ends the wait
 * within a minute: a clock that was behind is right then, and one that jumps for a moment changes nothing. Returns a
 * function that cancels the call.
 */
export function onExpiry(expiresAt: number | null, end: () => void): () => void {
  if (expiresAt === null) return () => {};
  const deadline = performance.now() + expiresAt - Date.now();
  let timer: NodeJS.Timeout;
  let isPast = false;
  const wait = (): void => {
    timer = setTimeout(check, Math.min(CHECK_MS, Math.max(0, deadline - performance.now()))).unref();
  };
  const check = (): void => {
    const wasPast = isPast;
    isPast = Date.now() >= expiresAt;
    if (performance.now() >= deadline || (isPast && wasPast)) end();
    else wait();
  };
  wait();
  return () => clearTimeout(timer);
}
