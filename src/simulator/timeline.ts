import { type RowPatch, type Stage, usualProgress } from './a2e-row.ts';
import type { FaultAction } from './fault.ts';

/** One step of a script. With neither `forMs` nor `forCalls` it lasts for ever. */
export interface Phase {
  /** Any word; documented ones are init, start, pending, process, copy, success, fail. Default `process`. */
  readonly status?: string;
  /** How long it lasts by the clock, in ms. */
  readonly forMs?: number;
  /** How many calls see it. */
  readonly forCalls?: number;
  /** 0 to 100: fixed, or rising from the first to the second while the phase lasts. Default: none before `process`. */
  readonly progress?: number | readonly [from: number, to: number];
  readonly msg?: string;
  /** Laid over the row while the phase lasts. */
  readonly row?: RowPatch;
  /** Answered instead of the plain row while the phase lasts. */
  readonly fault?: FaultAction;
}

/** Phases in order. The last one stays, unless the script repeats. */
export interface Script {
  readonly phases: readonly Phase[];
  /** Starts again with the first phase after the last. */
  readonly repeat?: boolean;
}

/** What a call finds. */
export interface Position {
  readonly stage: Stage;
  readonly phase: Phase;
}

/** Walks through a script, by the clock and by the calls it is asked with. It never walks back. */
export class TimelineCursor {
  readonly #phases: readonly Phase[];
  readonly #repeat: boolean;
  readonly #speed: number;
  #index = 0;
  #enteredAt: number;
  #calls = 0;

  /** `startedAt` in ms since the epoch; `speed` 2 runs through every `forMs` in half the time. */
  constructor({ phases, repeat = false }: Script, startedAt: number, speed: number) {
    if (phases.length === 0) throw new RangeError('a timeline needs at least one phase');
    if (repeat && !phases.some(({ forMs = 0, forCalls = 0 }) => forMs > 0 || forCalls > 0)) {
      throw new RangeError('a repeating timeline needs a phase that lasts and ends');
    }
    this.#phases = phases;
    this.#repeat = repeat;
    this.#speed = speed;
    this.#enteredAt = startedAt;
  }

  /** Where the task stands at `now` for one more call. */
  call(now: number): Position {
    while (this.#isOver(now)) this.#enterNext(now);
    const phase = this.#phase();
    const status = phase.status ?? 'process';
    const position = { phase, stage: { status, progress: this.#progress(phase, status, now), msg: phase.msg } };
    this.#calls += 1;
    return position;
  }

  #phase(): Phase {
    return this.#phases[this.#index] ?? {};
  }

  #lengthMs(phase: Phase): number {
    return phase.forMs === undefined ? Number.POSITIVE_INFINITY : phase.forMs / this.#speed;
  }

  #isOver(now: number): boolean {
    const isLast = this.#index === this.#phases.length - 1;
    if (isLast && !this.#repeat) return false;
    const phase = this.#phase();
    const callsOver = phase.forCalls !== undefined && this.#calls >= phase.forCalls;
    return callsOver || now - this.#enteredAt >= this.#lengthMs(phase);
  }

  #enterNext(now: number): void {
    this.#enteredAt = Math.min(now, this.#enteredAt + this.#lengthMs(this.#phase()));
    this.#index = (this.#index + 1) % this.#phases.length;
    this.#calls = 0;
  }

  #progress(phase: Phase, status: string, now: number): number | null {
    const { progress } = phase;
    if (progress === undefined) return usualProgress(status);
    if (typeof progress === 'number') return progress;
    const [from, to] = progress;
    const byCalls = phase.forCalls === undefined ? 0 : this.#calls / Math.max(1, phase.forCalls - 1);
    const byTime = (now - this.#enteredAt) / this.#lengthMs(phase);
    const share = Math.min(1, Math.max(0, byCalls, byTime));
    return Math.floor(from + (to - from) * share + 1e-9);
  }
}
