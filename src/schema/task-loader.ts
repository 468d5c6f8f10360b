import DataLoader from 'dataloader';
import { OperationTooComplex, withoutStackTrace } from '../errors.ts';
import { getOrInsert } from '../get-or-insert.ts';
import type { TaskSnapshot } from '../task/task-snapshot.ts';

/** Loads the state of a task by id; null: no such task. */
export type TaskLoader = DataLoader<string, TaskSnapshot | null>;

/**
 * Reads each distinct id of a batch once; one id's failure rejects only that id. No state is kept from one batch
 * to the next, so a context that outlives its first result (that of a subscription) never serves an old state.
 *
 * Reads at most `maxIds` distinct ids; every further id rejects with `OperationTooComplex`. The limits of operations
 * are checked before execution; this guard holds without them.
 */
export function createTaskLoader(read: (id: string) => Promise<TaskSnapshot | null>, maxIds: number): TaskLoader {
  const seen = new Set<string>();
  const readWithin = (id: string): Promise<TaskSnapshot | null> => {
    if (!seen.has(id) && seen.size >= maxIds) return Promise.reject(tooManyIds(maxIds));
    seen.add(id);
    return read(id);
  };
  return new DataLoader(
    (ids: readonly string[]) => {
      const answers = new Map<string, ReturnType<typeof settle>>();
      return Promise.all(ids.map((id) => getOrInsert(answers, id, () => settle(readWithin, id))));
    },
    { cache: false, name: 'tasks' },
  );
}

function tooManyIds(maxIds: number): OperationTooComplex {
  return withoutStackTrace(() => new OperationTooComplex(`An operation may name at most ${maxIds} ids in all`));
}

/** DataLoader takes an id's failure as an `Error` in the id's place. */
async function settle(read: (id: string) => Promise<TaskSnapshot | null>, id: string) {
  try {
    return await read(id);
  } catch (error) {
    return error instanceof Error ? error : new Error('Reading a task failed', { cause: error });
  }
}
