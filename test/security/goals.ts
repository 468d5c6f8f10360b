import type { Updates } from './healthy-clients.ts';

/** The figures of one phase. */
export interface Figures {
  readonly isAlive: boolean;
  /** The peak of the resident memory. */
  readonly memoryMb: number;
  /** The slowest `/healthz`. */
  readonly healthMs: number;
  readonly updates: Updates;
}

/** One figure beside its goal. */
export interface Goal {
  readonly text: string;
  readonly isMet: boolean;
}

const MEMORY_RATIO = 1.5;
const HEALTH_MS = 500;
const P99_RATIO = 2;

/** A calm phase, and the attacked phase after it. */
export interface Round {
  readonly calm: Figures;
  readonly attacked: Figures;
}

/**
 * Compares the attacked phases with the calm ones: memory and `/healthz` by the worst phase, the delays of clients by the
 * median of the rounds. A healthy task is polled late by one interval at most.
 */
export function goalsOf(rounds: readonly Round[], intervalMs: number): readonly Goal[] {
  const attacked = rounds.map((round) => round.attacked);
  const isAlive = attacked.every((figures) => figures.isAlive);
  const calmMb = rounds[0]?.calm.memoryMb ?? Number.NaN;
  const memoryMb = Math.max(...attacked.map((figures) => figures.memoryMb));
  const healthMs = Math.max(...attacked.map((figures) => figures.healthMs));
  const gapMs = median(attacked.map(({ updates }) => updates.gapMs));
  const p99 = median(rounds.map((round) => round.attacked.updates.p99Ms / round.calm.updates.p99Ms));
  const each = rounds.map(({ calm, attacked: after }) => `${calm.updates.p99Ms}→${after.updates.p99Ms}`).join(', ');
  return [
    { text: isAlive ? 'alive' : 'dead', isMet: isAlive },
    {
      text: `memory ${(memoryMb / calmMb).toFixed(2)}× (${calmMb.toFixed(0)}→${memoryMb.toFixed(0)} MB)`,
      isMet: memoryMb / calmMb < MEMORY_RATIO,
    },
    { text: `/healthz ${healthMs.toFixed(0)} ms`, isMet: healthMs < HEALTH_MS },
    { text: `p99 ${p99.toFixed(2)}× (${each} ms)`, isMet: p99 <= P99_RATIO },
    { text: `longest gap ${gapMs.toFixed(0)} ms`, isMet: gapMs <= 2.2 * intervalMs },
  ];
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
