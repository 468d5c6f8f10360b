import { AccessDenied, UpstreamBadResponse, UpstreamRateLimited, UpstreamUnavailable } from '../../src/errors.ts';
import { isComplete, type VideoTask } from '../../src/task/video-task.ts';
import { report } from './scripted-source.ts';

export const IDS = ['a', 'b', 'c'] as const;
export type Id = (typeof IDS)[number];
export type UpstreamMode = 'fine' | 'down' | 'garbage' | 'limited' | 'denied' | 'forgetful';

const RETRY_AFTER_MS = 4_000;

const FAULTS: Readonly<Record<UpstreamMode, () => Error | null>> = {
  fine: () => null,
  forgetful: () => null,
  down: () => new UpstreamUnavailable('down'),
  garbage: () => new UpstreamBadResponse('garbage'),
  limited: () => new UpstreamRateLimited('limited', { retryAfterMs: RETRY_AFTER_MS }),
  denied: () => new AccessDenied('denied'),
};

/** The true state of one task at A2E. Each change has a higher number, which `message` carries. */
interface Truth {
  task: VideoTask | null;
  changes: number;
}

/** The tasks as A2E holds them, and its answers in the present mode. */
export class A2eTruth {
  readonly #truths = new Map<string, Truth>(IDS.map((id) => [id, { task: null, changes: 0 }]));
  mode: UpstreamMode = 'fine';

  /** A2E changes a task; a complete one stays as it is. */
  change(id: Id, status: VideoTask['status'], rest: Partial<VideoTask>): void {
    const truth = this.#truths.get(id) as Truth;
    if (truth.task && isComplete(truth.task)) return;
    truth.changes += 1;
    truth.task = report(id, status, { message: String(truth.changes), ...rest });
  }

  taskOf(id: string): VideoTask | null {
    return this.#truths.get(id)?.task ?? null;
  }

  answer(id: string): { readonly task: VideoTask | null; readonly error: Error | null } {
    const error = FAULTS[this.mode]();
    return { task: error || this.mode === 'forgetful' ? null : this.taskOf(id), error };
  }
}
