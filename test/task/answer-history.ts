import { awaitsResult, isComplete, type VideoTask } from '../../src/task/video-task.ts';

/** One answer of A2E. `at` is monotonic, in ms. A null task without an error: A2E knows no such task. */
export interface GivenAnswer {
  readonly at: number;
  readonly task: VideoTask | null;
  readonly error: Error | null;
}

/** The contract's five minutes, less the time of one poll. */
const ALMOST_GONE_MS = 5 * 60_000 - 500;
/** A cluster stores an unfinished state for 15 minutes, so a task shown longer ago may be forgotten. */
const STORED_MS = 15 * 60_000 - 1_000;

/** All answers of A2E, per task: the evidence for every state that a gateway may show. */
export class AnswerHistory {
  readonly #answers = new Map<string, GivenAnswer[]>();
  readonly #shown = new Set<VideoTask>();
  /** When A2E last showed a task, without five minutes of unknown since. */
  readonly #known = new Map<string, number>();

  record(id: string, answer: Pick<GivenAnswer, 'task' | 'error'>): void {
    const answers = this.#answers.get(id) ?? [];
    this.#answers.set(id, answers);
    answers.push({ at: performance.now(), ...answer });
    if (answer.task) {
      this.#shown.add(answer.task);
      this.#known.set(id, performance.now());
    } else if (this.unknownForMs(id) >= ALMOST_GONE_MS) this.#known.delete(id);
  }

  last(id: string): GivenAnswer | undefined {
    return this.#answers.get(id)?.at(-1);
  }

  /** The last answer was no task, and every gateway must know of it. */
  isMissed(id: string): boolean {
    const last = this.last(id);
    return last !== undefined && last.task === null && performance.now() - last.at < STORED_MS;
  }

  /** A2E has shown the task, and has called it unknown for five minutes since. */
  isGone(id: string): boolean {
    return !this.#known.has(id) && (this.#answers.get(id)?.some(({ task }) => task !== null) ?? false);
  }

  /** A2E has shown this very report. */
  hasShown(task: VideoTask): boolean {
    return this.#shown.has(task);
  }

  /** A gateway must still know a state of the task. */
  isKnown(id: string): boolean {
    const at = this.#known.get(id);
    return at !== undefined && performance.now() - at < STORED_MS;
  }

  /** A2E has shown the task in a state that it changes no more. */
  isComplete(id: string): boolean {
    return this.#answers.get(id)?.some(({ task }) => task && isComplete(task)) ?? false;
  }

  /** The time since A2E began to call the task unknown, with no other answer since, in ms. */
  unknownForMs(id: string): number {
    const answers = this.#answers.get(id) ?? [];
    const before = answers.findLastIndex(({ task, error }) => task !== null || error !== null);
    return timeSince(answers[before + 1]);
  }

  /** The time since A2E began to report SUCCESS without a result, with no other report since, in ms. */
  awaitingForMs(id: string): number {
    const reports = this.#answers.get(id)?.filter(({ task }) => task !== null) ?? [];
    const before = reports.findLastIndex(({ task }) => task !== null && !awaitsResult(task));
    return timeSince(reports[before + 1]);
  }
}

function timeSince(answer: GivenAnswer | undefined): number {
  return answer ? performance.now() - answer.at : 0;
}
