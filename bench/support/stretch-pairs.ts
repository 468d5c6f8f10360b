/** CPU per update of a gateway that does more than the other one, and of the other one, in two stretches side by side. */
export type StretchPair = readonly [more: number, plain: number];

/**
 * Measures two kinds of stretches in turn, each pair in the reverse order of the last one, so that a drift of the machine
 * favours neither. The first pair warms up and is dropped.
 */
export async function measurePairs(
  pairs: number,
  [more, plain]: readonly [() => Promise<number>, () => Promise<number>],
): Promise<readonly StretchPair[]> {
  const measured: StretchPair[] = [];
  for (let pair = 0; pair <= pairs; pair += 1) {
    if (pair % 2 === 0) {
      const value = await more();
      measured.push([value, await plain()]);
    } else {
      const value = await plain();
      measured.push([await more(), value]);
    }
  }
  return measured.slice(1);
}
