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

/** Compares an attacked gateway with the calm one. A healthy task is polled late by one interval at most. */
export function goalsOf(calm: Figures, attacked: Figures, intervalMs: number): readonly Goal[] {
  const memory = attacked.memoryMb / calm.memoryMb;
  const p99 = attacked.updates.p99Ms / calm.updates.p99Ms;
  const { gapMs } = attacked.updates;
  const between = (before: number, after: number, unit: string) => `${before.toFixed(1)} → ${after.toFixed(1)} ${unit}`;
  return [
    { text: attacked.isAlive ? 'alive' : 'dead', isMet: attacked.isAlive },
    {
      text: `memory ${memory.toFixed(2)}× (${between(calm.memoryMb, attacked.memoryMb, 'MB')})`,
      isMet: memory < MEMORY_RATIO,
    },
    { text: `/healthz ${attacked.healthMs.toFixed(0)} ms`, isMet: attacked.healthMs < HEALTH_MS },
    {
      text: `p99 ${p99.toFixed(2)}× (${between(calm.updates.p99Ms, attacked.updates.p99Ms, 'ms')})`,
      isMet: p99 <= P99_RATIO,
    },
    { text: `longest gap ${gapMs.toFixed(0)} ms`, isMet: gapMs <= 2.2 * intervalMs },
  ];
}
