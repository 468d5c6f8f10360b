import { pointOf, type StatusPoint } from './status-point.ts';
import type { ProblemPeriod } from './status-problems.ts';
import type { StatusReading } from './status-reading.ts';

/** A minute of readings that are 5 s apart. */
const MINUTE_MS = 60_000;

/** The readings of the last minutes, of a bounded number. */
export class StatusHistory {
  readonly #capacity: number;
  readonly #readings: StatusReading[] = [];

  /** @param capacity the number of points; a point takes two readings */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(reading: StatusReading): void {
    this.#readings.push(reading);
    if (this.#readings.length > this.#capacity + 1) this.#readings.shift();
  }

  /** The points from the oldest to the newest. */
  points(): readonly StatusPoint[] {
    return this.#readings.slice(1).map((reading, index) => pointOf(this.#readings[index] ?? reading, reading));
  }

  /** The newest point; null before the second reading. */
  get newest(): StatusPoint | null {
    const [before, after] = this.#readings.slice(-2);
    return before && after ? pointOf(before, after) : null;
  }

  /** The newest reading and the readings to compare it with; null before the first. */
  get period(): (ProblemPeriod & { readonly oldest: StatusReading }) | null {
    const now = this.#readings.at(-1);
    const [oldest] = this.#readings;
    if (!now || !oldest) return null;
    const minute = this.#readings.filter(({ at }) => now.at - at <= MINUTE_MS);
    const minuteAgo = minute[0] ?? now;
    return {
      now,
      oldest,
      minuteAgo,
      previous: this.#readings.at(-2) ?? now,
      healthySince: minute.findLast(isOutage) ?? minuteAgo,
    };
  }
}

function isOutage({ readiness, circuits }: StatusReading): boolean {
  return readiness.upstream !== 'ok' || (circuits['open'] ?? 0) > 0;
}
