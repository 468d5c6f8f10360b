import type { Credential } from '../../src/task/credential.ts';
import type { TaskSource } from '../../src/task/task-source.ts';
import type { VideoTask, VideoTaskStatus } from '../../src/task/video-task.ts';
import { EMPTY_FIELDS } from './empty-fields.ts';

/** A task as A2E might report it, with only what a test cares for. */
export function report(id: string, status: VideoTaskStatus = 'PROCESS', rest: Partial<VideoTask> = {}): VideoTask {
  return {
    id,
    status,
    rawStatus: status.toLowerCase(),
    ...EMPTY_FIELDS,
    resultUrl: status === 'SUCCESS' ? 'https://a2e.example/result.mp4' : null,
    ...rest,
  };
}

/** What a call is answered with: a task, "no such task", or an error to throw. */
export type Answer = VideoTask | null | Error;

export interface SourceCall {
  readonly id: string;
  readonly token: string;
  /** ms since the epoch */
  readonly at: number;
  /** When it was answered; null: not yet. */
  endedAt: number | null;
}

/** An upstream that answers what it is told, and remembers when it was asked. */
export class ScriptedSource implements TaskSource {
  readonly calls: SourceCall[] = [];
  answer: (id: string, token: string) => Answer;
  /** How long an answer takes, in ms. It says what is true at its end. */
  latencyMs = 0;
  running = 0;
  maxRunning = 0;

  constructor(answer: (id: string, token: string) => Answer = (id) => report(id)) {
    this.answer = answer;
  }

  async read(id: string, { token }: Credential): Promise<VideoTask | null> {
    const call: SourceCall = { id, token, at: Date.now(), endedAt: null };
    this.calls.push(call);
    this.running += 1;
    this.maxRunning = Math.max(this.maxRunning, this.running);
    if (this.latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, this.latencyMs));
    this.running -= 1;
    call.endedAt = Date.now();
    const answer = this.answer(id, token);
    if (answer instanceof Error) throw answer;
    return answer;
  }

  /** When that task, or any, was asked for; ms since the epoch. */
  times(id?: string): number[] {
    return this.calls.filter((call) => id === undefined || call.id === id).map((call) => call.at);
  }
}
