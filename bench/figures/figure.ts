import { median, quantile } from '../support/median.ts';
import type { StretchPair } from '../support/stretch-pairs.ts';

/** One line of the table. */
export interface Result {
  readonly name: string;
  /** The gateway's own. */
  readonly value: number;
  readonly unit: string;
  /** The gateway's value over that of `against`; null for a figure that stands alone. */
  readonly ratio: number | null;
  /** The floor or peer of the comparison, and its figure. */
  readonly against: string;
  /** For people: `at most 1.2`. */
  readonly goal: string;
  readonly pass: boolean;
}

/** One measurement. `--only` takes its name. */
export interface Figure {
  readonly name: string;
  run(): Promise<readonly Result[]>;
}

/** A result with a goal for its ratio. */
export function compared(
  { name, unit }: { readonly name: string; readonly unit: string },
  [value, other]: readonly [number, number],
  against: string,
  goal: { readonly atMost: number } | { readonly atLeast: number },
): Result {
  const ratio = value / other;
  const [words, pass] =
    'atMost' in goal
      ? [`at most ${goal.atMost}`, ratio <= goal.atMost]
      : [`at least ${goal.atLeast}`, ratio >= goal.atLeast];
  return { name, value, unit, ratio, against: `${against} ${round(other)}`, goal: words, pass };
}

/**
 * A result with a goal for the median ratio of pairs of stretches. It states the middle half of the ratios: where that is
 * wider than the distance to the goal, the machine was too busy for a verdict.
 */
export function comparedPairs(
  name: { readonly name: string; readonly unit: string },
  pairs: readonly StretchPair[],
  against: string,
  { atMost }: { readonly atMost: number },
): Result {
  const ratios = pairs.map(([more, plain]) => more / plain);
  const ratio = median(ratios);
  const [value, other] = [median(pairs.map(([more]) => more)), median(pairs.map(([, plain]) => plain))];
  const middle = [0.25, 0.75].map((share) => quantile(ratios, share).toFixed(2)).join(' to ');
  const words = `${against} ${round(other)} (middle half of ${ratios.length} ratios ${middle})`;
  return { ...name, value, ratio, against: words, goal: `at most ${atMost}`, pass: ratio <= atMost };
}

/** Three digits, or whole numbers where there are more. */
export function round(value: number): string {
  return value >= 100 ? Math.round(value).toString() : value.toPrecision(3);
}
