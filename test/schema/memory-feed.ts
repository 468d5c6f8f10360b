import type { TaskFeed } from '../../src/schema/context.ts';
import type { TaskErrorEvent } from '../../src/task/task-error-event.ts';
import type { TaskSnapshot } from '../../src/task/task-snapshot.ts';
import type { VideoTask } from '../../src/task/video-task.ts';
import { EMPTY_FIELDS } from '../task/empty-fields.ts';

/** A snapshot of a task that has just been created, with what the test wants to be different. */
export function snapshotOf(
  task: Partial<VideoTask> & { readonly id: string },
  snapshot: Partial<TaskSnapshot> = {},
): TaskSnapshot {
  return {
    version: 1,
    task: { status: 'INIT', rawStatus: 'init', ...EMPTY_FIELDS, ...task },
    checkedAt: 0,
    nextCheckAt: null,
    stale: false,
    finished: task.status === 'FAIL' || task.status === 'SUCCESS',
    stages: [],
    ...snapshot,
  };
}

/** A feed that answers from what it is given, and writes down what it was asked. */
export class MemoryFeed implements TaskFeed {
  readonly asked: string[] = [];
  readonly #tasks: ReadonlyMap<string, TaskSnapshot | Error>;
  readonly #events: readonly (TaskSnapshot | TaskErrorEvent)[];

  constructor(
    tasks: Readonly<Record<string, TaskSnapshot | Error>> = {},
    events: readonly (TaskSnapshot | TaskErrorEvent)[] = [],
  ) {
    this.#tasks = new Map(Object.entries(tasks));
    this.#events = events;
  }

  async get(id: string): Promise<TaskSnapshot | null> {
    this.asked.push(id);
    const answer = this.#tasks.get(id) ?? null;
    if (answer instanceof Error) {
      throw answer;
    }
    return answer;
  }

  async *watch(id: string): AsyncIterableIterator<TaskSnapshot> {
    this.asked.push(id);
    for (const event of this.#events) {
      if ('error' in event) {
        throw event.error;
      }
      yield event;
    }
  }

  async *watchAll(ids: readonly string[]): AsyncIterableIterator<TaskSnapshot | TaskErrorEvent> {
    this.asked.push(...ids);
    yield* this.#events;
  }
}
