import { planSoak } from './plan.ts';
import { growthOf, outcomeOf, type SoakReport, verdictsOf, WARM_UP_MS } from './report.ts';
import { SoakRun } from './soak-run.ts';
import { Violations } from './violations.ts';

/** The options of {@link soak}. */
export interface SoakOptions {
  readonly minutes: number;
  readonly seed: number;
  /** Writes a line for a person. */
  readonly write: (line: string) => void;
}

/** A gateway remembers this many finished states: its memory has its full size only with all of them. */
const REMEMBERED_STATES = 10_000;

/** Runs a whole soak; resolves to its verdict. */
export async function soak({ minutes, seed, write }: SoakOptions): Promise<SoakReport> {
  const startedAt = performance.now();
  const now = (): number => performance.now() - startedAt;
  const violations = new Violations(now, `npm run soak -- --minutes ${minutes} --seed ${seed}`, write);
  const plan = planSoak({ seed, minutes });
  // A shorter run compares no heaps.
  const filledTasks = minutes * 60_000 > WARM_UP_MS ? REMEMBERED_STATES : 0;
  await using run = await SoakRun.start({ violations, now, startedAt, filledTasks });
  for (const round of plan.rounds) await run.round(round);
  run.end();
  const gateways = verdictsOf(run.rests);
  for (const growth of gateways.flatMap(growthOf)) violations.add(growth);
  const report = { seed, seconds: now() / 1_000, counts: run.counts, gateways, violations: violations.all };
  return { outcome: outcomeOf(report), ...report };
}
