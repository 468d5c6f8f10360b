/** A part of the server with connected clients. */
export interface GracefullyClosable {
  /** One idempotent function per connected client, which closes that client's connection. */
  closers(): (() => void)[];
}

export interface GracefulShutdownOptions {
  /** How long the whole may take, in ms. */
  readonly graceMs: number;
  readonly closables: readonly GracefullyClosable[];
  /** Resolves once no client is connected and no request is in flight. */
  readonly idle: Promise<unknown>;
}

/** The greatest time between two closes, so that a small number of clients is closed quickly. */
const MAX_STEP_MS = 20;
const TICK_MS = 10;
/** Fractions of the grace period: closes are spread over 60 %; after 80 % the shutdown stops waiting. */
const SPREAD_SHARE = 0.6;
const WAIT_SHARE = 0.8;

/**
 * Closes all connections, spread over the grace period so that clients do not reconnect in one instant, then waits until
 * the server is idle. The wait is bounded, because a peer that has stopped reading never disconnects by itself.
 */
export async function gracefulShutdown({ graceMs, closables, idle }: GracefulShutdownOptions): Promise<void> {
  const fuse = Promise.withResolvers<void>();
  const timer = setTimeout(fuse.resolve, graceMs * WAIT_SHARE);
  await Promise.race([fuse.promise, spread(shuffled(closables), graceMs * SPREAD_SHARE)]);
  // Connections that were being set up when the shutdown began.
  for (const close of shuffled(closables)) close();
  await Promise.race([fuse.promise, idle]);
  clearTimeout(timer);
}

async function spread(closers: readonly (() => void)[], windowMs: number): Promise<void> {
  const stepMs = Math.min(MAX_STEP_MS, windowMs / closers.length);
  const startedAt = performance.now();
  let closed = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const closeDue = (): void => {
    const due = Math.floor((performance.now() - startedAt) / stepMs) + 1;
    while (closed < Math.min(due, closers.length)) closers[closed++]?.();
    if (closed >= closers.length) resolve();
  };
  const timer = setInterval(closeDue, TICK_MS);
  closeDue();
  await promise;
  clearInterval(timer);
}

/** In random order, so that no client can predict its place. */
function shuffled(closables: readonly GracefullyClosable[]): (() => void)[] {
  const all = closables.flatMap((closable) => closable.closers());
  return all
    .map((close) => ({ close, rank: Math.random() }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ close }) => close);
}
