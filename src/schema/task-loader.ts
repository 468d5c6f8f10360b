import DataLoader from 'dataloader';
import type { TaskSnapshot } from '../task/task-snapshot.ts';

/** Loads the state of a task by id; null: no such task. */
export type TaskLoader = DataLoader<string, TaskSnapshot | null>;

/**
 * Reads each distinct id of a batch once; one id's failure rejects only that id. Nothing is kept from one batch to
 * the next, so a context that outlives its first answer (a subscription's does) never serves an old state.
 */
export function createTaskLoader(read: (id: string) => Promise<TaskSnapshot | null>): TaskLoader {
  return new DataLoader(
    (ids: readonly string[]) => {
      const answers = new Map<string, ReturnType<typeof settle>>();
      return Promise.all(ids.map((id) => answers.getOrInsertComputed(id, () => settle(read, id))));
    },
    { cache: false, name: 'tasks' },
  );
}

/** DataLoader takes an id's failure as an `Error` in the id's place. */
async function settle(read: (id: string) => Promise<TaskSnapshot | null>, id: string) {
  try {
    return await read(id);
  } catch (error) {
    return error instanceof Error ? error : new Error('Reading a task failed', { cause: error });
  }
}
