import { StatusHistory } from './status-history.ts';
import type { StatusPoint } from './status-point.ts';
import type { StatusReading } from './status-reading.ts';
import { reportOf, type StatusReport } from './status-report.ts';

/** The newest state, with its point of the charts. */
export interface StatusSample {
  readonly now: StatusReport;
  /** null: there was one reading alone. */
  readonly point: StatusPoint | null;
}

/** The newest state, with all points that are kept. */
export interface StatusSnapshot {
  /** The time between two points, in seconds, and the most points that are kept. */
  readonly every: number;
  readonly capacity: number;
  readonly now: StatusReport;
  readonly points: readonly StatusPoint[];
}

export interface StatusSamplerOptions {
  readonly read: () => Promise<StatusReading>;
  readonly version: string;
  /** By default 5 s, so that the points cover 15 minutes. */
  readonly everyMs?: number | undefined;
  readonly onSample: () => void;
  readonly onError: (error: unknown) => void;
}

/** 15 minutes of points that are 5 s apart. */
const EVERY_MS = 5_000;
const CAPACITY = 180;

/** Takes one reading per period, for any number of open pages. One timer, which does not keep the process alive. */
export class StatusSampler implements Disposable {
  readonly #options: StatusSamplerOptions;
  readonly #everyMs: number;
  readonly #history = new StatusHistory(CAPACITY);
  readonly #timer: NodeJS.Timeout;

  constructor(options: StatusSamplerOptions) {
    this.#options = options;
    this.#everyMs = options.everyMs ?? EVERY_MS;
    this.#timer = setInterval(() => void this.#sample(), this.#everyMs).unref();
    void this.#sample();
  }

  /** null before the first reading. */
  get sample(): StatusSample | null {
    const now = reportOf(this.#history, this.#options.version);
    return now && { now, point: this.#history.newest };
  }

  /** null before the first reading. */
  get snapshot(): StatusSnapshot | null {
    const now = reportOf(this.#history, this.#options.version);
    return now && { every: this.#everyMs / 1000, capacity: CAPACITY, now, points: this.#history.points() };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #sample(): Promise<void> {
    try {
      this.#history.add(await this.#options.read());
      this.#options.onSample();
    } catch (error) {
      this.#options.onError(error);
    }
  }
}
