import { Forbidden } from '../errors.ts';
import type { TaskFeed } from '../schema/context.ts';
import type { Patience } from '../task/task-observer.ts';
import type { TaskRegistry } from '../task/task-registry.ts';
import { streamTask, streamTasks } from '../task/task-stream.ts';
import type { Caller } from './access/caller.ts';
import type { ReadLog } from './read-log.ts';

/** What one operation of a caller is about to read. */
export interface Reading {
  /** Notes what is read once. */
  readonly reads?: ReadLog | undefined;
  /** Aborts when nobody waits any more for what is read once. */
  readonly signal?: AbortSignal | undefined;
}

/** The tasks as one caller may see them. */
export function feedFor(
  caller: Caller,
  registry: TaskRegistry,
  patience: Patience,
  { reads, signal }: Reading = {},
): TaskFeed {
  const { credential } = caller;
  const refuse = (id: string): Forbidden => new Forbidden(`These credentials do not cover task ${id}`);
  return {
    async get(id) {
      if (!caller.covers(id)) throw refuse(id);
      try {
        const snapshot = await registry.get(id, credential, signal);
        reads?.note(registry.watch(id, credential), snapshot);
        return snapshot;
      } catch (error) {
        reads?.failed();
        throw error;
      }
    },
    watch(id) {
      if (!caller.covers(id)) throw refuse(id);
      return streamTask(registry.watch(id, credential), patience);
    },
    watchAll(ids) {
      const parts = ids.map((id) => (caller.covers(id) ? registry.watch(id, credential) : { id, error: refuse(id) }));
      return streamTasks(parts, patience);
    },
  };
}
