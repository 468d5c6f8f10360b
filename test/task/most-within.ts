/** The most calls in any window of that length. Times ascend, in ms. */
export function mostWithin(times: readonly number[], ms: number): number {
  let from = 0;
  let most = 0;
  for (const [index, at] of times.entries()) {
    while ((times[from] ?? at) <= at - ms) from += 1;
    most = Math.max(most, index - from + 1);
  }
  return most;
}
