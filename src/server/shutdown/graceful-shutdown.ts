/** Whatever has clients to say goodbye to. */
export interface GracefullyClosable {
  /** One goodbye for each client that is connected now; to say it twice does no harm. */
  closers(): (() => void)[];
}

export interface GracefulShutdownOptions {
  /** How long the whole may take, in ms. */
  readonly graceMs: number;
  readonly closables: readonly GracefullyClosable[];
  /** Resolves once nobody is connected and nothing is being answered. */
  readonly idle: Promise<unknown>;
}

/** Goodbyes are said at most this far apart: few clients are not kept waiting. */
const MAX_STEP_MS = 20;
const TICK_MS = 10;
/** Of the grace: for saying goodbye, and until whoever has not left is left behind. */
const SPREAD_SHARE = 0.6;
const WAIT_SHARE = 0.8;

/**
 * Says goodbye to all clients, spread over the grace period so that they do not all connect again at the same moment,
 * then waits until they have gone, but not for long: a peer that has stopped reading never goes by itself.
 */
export async function gracefulShutdown({ graceMs, closables, idle }: GracefulShutdownOptions): Promise<void> {
  const fuse = Promise.withResolvers<void>();
  const timer = setTimeout(fuse.resolve, graceMs * WAIT_SHARE);
  await Promise.race([fuse.promise, spread(shuffled(closables), graceMs * SPREAD_SHARE)]);
  // Whoever was about to connect when the drain began.
  for (const farewell of shuffled(closables)) farewell();
  await Promise.race([fuse.promise, idle]);
  clearTimeout(timer);
}

async function spread(farewells: readonly (() => void)[], windowMs: number): Promise<void> {
  const stepMs = Math.min(MAX_STEP_MS, windowMs / farewells.length);
  const startedAt = performance.now();
  let said = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const say = (): void => {
    const due = Math.floor((performance.now() - startedAt) / stepMs) + 1;
    while (said < Math.min(due, farewells.length)) farewells[said++]?.();
    if (said >= farewells.length) resolve();
  };
  const timer = setInterval(say, TICK_MS);
  say();
  await promise;
  clearInterval(timer);
}

/** In an order that no client can foresee: nobody is always the first, or the last. */
function shuffled(parts: readonly GracefullyClosable[]): (() => void)[] {
  const all = parts.flatMap((part) => part.closers());
  return all
    .map((farewell) => ({ farewell, rank: Math.random() }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ farewell }) => farewell);
}
