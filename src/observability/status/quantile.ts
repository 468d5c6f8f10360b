import type { UpstreamTotals } from '../metrics/upstream-metrics.ts';

/**
 * A quantile of the lateness of the polls between two readings, in ms, by linear interpolation within a bucket as the
 * function `histogram_quantile` of Prometheus does; null: no poll has started. The last bound that is finite is the most.
 */
export function latenessBetween(
  before: UpstreamTotals['lateness'],
  after: UpstreamTotals['lateness'],
  quantile: number,
): number | null {
  const counts = after.map(([bound, polls], index) => [bound, polls - (before[index]?.[1] ?? 0)] as const);
  const total = counts.at(-1)?.[1] ?? 0;
  if (total <= 0) return null;
  const rank = quantile * total;
  let [lowerBound, lowerCount] = [0, 0];
  for (const [bound, count] of counts) {
    if (count >= rank) {
      if (!Number.isFinite(bound)) return lowerBound;
      return lowerBound + ((bound - lowerBound) * (rank - lowerCount)) / (count - lowerCount || 1);
    }
    [lowerBound, lowerCount] = [bound, count];
  }
  return lowerBound;
}
