import type { QueuedJob } from './queued-job.ts';

/**
 * The ranks of a probe, the likeliest to succeed first. `trusted`: a proven task whose last poll succeeded. `proven`: a
 * proven task whose last poll failed. `new`: a task without a poll so far. `failing`: an unproven task.
 */
const RANKS = ['trusted', 'proven', 'new', 'failing'] as const;
type Rank = (typeof RANKS)[number];

/**
 * The waiting jobs, from which half-open probes are chosen. A proven task goes first, because only its failure is evidence
 * against the origin; a new task goes before failing ones, so that failing ids never keep it from its first answer. Within
 * a rank the job that was queued first goes first; a failed probe is queued anew, so probes rotate.
 */
export class ProbeCandidates {
  readonly #ranks: Readonly<Record<Rank, Set<QueuedJob>>> = {
    trusted: new Set(),
    proven: new Set(),
    new: new Set(),
    failing: new Set(),
  };
  #lastProbed: string | null = null;

  get size(): number {
    return RANKS.reduce((size, rank) => size + this.#ranks[rank].size, 0);
  }

  add(queued: QueuedJob): void {
    this.#ranks[rankOf(queued)].add(queued);
  }

  /** Idempotent. The rank is the one of {@link add}, because a job keeps the facts of its queueing. */
  delete(queued: QueuedJob): void {
    this.#ranks[rankOf(queued)].delete(queued);
  }

  /** Remembers the task of a probe that starts. */
  onProbe({ job }: QueuedJob): void {
    this.#lastProbed = job.id;
  }

  /** The job of the next probe: of the last probed task only if no other job waits; undefined when none does. */
  next(): QueuedJob | undefined {
    const first = RANKS.values()
      .map((rank) => this.#firstOf(rank))
      .find((queued) => queued !== undefined);
    return (
      first ??
      RANKS.values()
        .flatMap((rank) => this.#ranks[rank])
        .next().value
    );
  }

  #firstOf(rank: Rank): QueuedJob | undefined {
    return this.#ranks[rank].values().find(({ job }) => job.id !== this.#lastProbed);
  }
}

function rankOf({ isProven, afterFailure }: QueuedJob): Rank {
  if (isProven) return afterFailure ? 'proven' : 'trusted';
  return afterFailure ? 'failing' : 'new';
}
