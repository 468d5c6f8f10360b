import type { QueuedJob } from './queued-job.ts';

/** The blocked jobs, from which half-open probes are chosen: proven tasks first, and the same task not twice in a row. */
export class ProbeCandidates {
  readonly #jobs = new Set<QueuedJob>();
  #lastProbed: string | null = null;

  get size(): number {
    return this.#jobs.size;
  }

  add(queued: QueuedJob): void {
    this.#jobs.add(queued);
  }

  /** Idempotent. */
  delete(queued: QueuedJob): void {
    this.#jobs.delete(queued);
  }

  /** Remembers the task of a probe that starts. */
  onProbe({ job }: QueuedJob): void {
    this.#lastProbed = job.id;
  }

  /** The job of the next probe: the oldest proven one, else the oldest one; undefined when no job is blocked. */
  next(): QueuedJob | undefined {
    const [first] = this.#jobs;
    return this.#find((queued) => queued.isProven) ?? this.#find(() => true) ?? first;
  }

  /** Removes and returns all jobs, the oldest first. */
  clear(): QueuedJob[] {
    const jobs = [...this.#jobs];
    this.#jobs.clear();
    return jobs;
  }

  #find(matches: (queued: QueuedJob) => boolean): QueuedJob | undefined {
    return this.#jobs.values().find((queued) => queued.job.id !== this.#lastProbed && matches(queued));
  }
}
