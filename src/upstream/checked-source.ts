import { UpstreamBadResponse } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../json-object.ts';
import type { Credential } from '../task/credential.ts';
import type { TaskSource } from '../task/task-source.ts';
import { TEXT_LIMITS, VIDEO_TASK_STATUSES, type VideoTask } from '../task/video-task.ts';
import { cut, int, moment, percentage, text, webUrl, word } from './field-decoders.ts';

/**
 * A given source behind the field rules of A2E's answers: types do not bind a program at run time, and a field that breaks
 * a promise of the schema would fail the operations of every client. An invalid value costs its own field only.
 */
export class CheckedSource implements TaskSource {
  readonly #source: TaskSource;
  constructor(source: TaskSource) {
    this.#source = source;
  }

  async read(id: string, credential: Credential, signal: AbortSignal): Promise<VideoTask | null> {
    const answer: unknown = await this.#source.read(id, credential, signal);
    return answer === null ? null : checkTask(answer, id);
  }
}

/** Throws `UpstreamBadResponse` at a value that is no object, at another task, and at a task without a status. */
function checkTask(task: unknown, id: string): VideoTask {
  if (!isJsonObject(task)) throw new UpstreamBadResponse('The source answered without a task');
  if (task['id'] !== id) throw new UpstreamBadResponse('The source answered about another task');
  const { status } = task;
  if (typeof status !== 'string' || status.trim() === '')
    throw new UpstreamBadResponse('The source answered without a status');
  const message = text(task['message']);
  return {
    id,
    status: VIDEO_TASK_STATUSES.find((known) => known === status) ?? 'UNKNOWN',
    rawStatus: cut(text(task['rawStatus']) ?? status, TEXT_LIMITS.word),
    progress: percentage(task['progress']),
    message: message === null ? null : cut(message, TEXT_LIMITS.message),
    ...checkDetails(task),
  };
}

function checkDetails(task: JsonObject): Omit<VideoTask, 'id' | 'status' | 'rawStatus' | 'progress' | 'message'> {
  return {
    resultUrl: webUrl(task['resultUrl']),
    resultPeopleUrl: webUrl(task['resultPeopleUrl']),
    resultBackgroundUrl: webUrl(task['resultBackgroundUrl']),
    anchorId: word(task['anchorId']),
    anchorType: word(task['anchorType']),
    backgroundWidth: int(task['backgroundWidth']),
    backgroundHeight: int(task['backgroundHeight']),
    color: word(task['color']),
    replaceBackgroundId: word(task['replaceBackgroundId']),
    customBackgroundId: word(task['customBackgroundId']),
    createdAt: moment(task['createdAt']),
    elapsedSeconds: int(task['elapsedSeconds']),
    reportedAt: moment(task['reportedAt']),
  };
}
