/** A reading that is repeated for `keptMs` before it is taken anew, because taking it is slow. */
export function keptReading(keptMs: number, read: () => number): () => number {
  let value = 0;
  let readAt = Number.NEGATIVE_INFINITY;
  return () => {
    const now = performance.now();
    if (now - readAt < keptMs) return value;
    readAt = now;
    value = read();
    return value;
  };
}
