import { type A2eRow, a2eRow, type RowPatch, type Stage, usualProgress } from './a2e-row.ts';
import type { FaultAction } from './fault.ts';
import { type NamedTimeline, scriptOf } from './named-timelines.ts';
import { type Phase, type Script, TimelineCursor } from './timeline.ts';

/** How a task behaves. */
export interface TaskOptions {
  /** A named ending, a list of phases or a script (default `success`). */
  readonly timeline?: NamedTimeline | readonly Phase[] | Script;
  /** How old it is already, in ms (default 0): the timeline began that long ago. */
  readonly ageMs?: number;
  /** When it was created, in ms since the epoch, instead of `ageMs`. */
  readonly createdAt?: number;
  /** 2 runs through the timeline in half the time (default: the simulator's speed). */
  readonly speed?: number;
  /** The only tokens that find it; without: all of them. The same id may be other tasks for other tokens. */
  readonly owner?: string | readonly string[];
  /** Laid over every row of the task. */
  readonly row?: RowPatch;
}

/** What a call to a task finds: its row and, where its script says so, a fault to answer it with. */
export interface TaskResponse {
  readonly row: Readonly<Record<string, unknown>>;
  readonly fault: FaultAction | null;
}

/** What the simulator knows beside the task. Times in ms since the epoch. */
export interface CallContext {
  readonly now: number;
  readonly resultOrigin: string;
}

/** One task: on its timeline until it is set by hand, and then wherever it was set. */
export class SimulatedTask {
  readonly #id: string;
  readonly #createdAt: number;
  readonly #row: RowPatch;
  readonly #cursor: TimelineCursor;
  #byHand: RowPatch | null = null;

  constructor(id: string, now: number, options: TaskOptions = {}) {
    const { timeline = 'success', ageMs = 0, createdAt = now - ageMs, speed = 1, row = {} } = options;
    this.#id = id;
    this.#createdAt = createdAt;
    this.#row = row;
    this.#cursor = new TimelineCursor(scriptOf(timeline), this.#createdAt, speed);
  }

  /** Stops the timeline for good. What the patch leaves open is what A2E would answer for its `status`. */
  set(patch: RowPatch): void {
    this.#byHand = patch;
  }

  /** Answers one call. */
  call(surroundings: CallContext): TaskResponse {
    if (this.#byHand) {
      const status = typeof this.#byHand.status === 'string' ? this.#byHand.status : 'init';
      const stage = { status, progress: usualProgress(status) };
      return { row: { ...this.#plainRow(stage, surroundings), ...this.#row, ...this.#byHand }, fault: null };
    }
    const { stage, phase } = this.#cursor.call(surroundings.now);
    const row = { ...this.#plainRow(stage, surroundings), ...this.#row, ...phase.row };
    return { row, fault: phase.fault ?? null };
  }

  #plainRow(stage: Stage, { now, resultOrigin }: CallContext): A2eRow {
    return a2eRow({ id: this.#id, stage, createdAt: this.#createdAt, now, resultOrigin });
  }
}
