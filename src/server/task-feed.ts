import { Forbidden } from '../errors.ts';
import type { TaskFeed } from '../schema/context.ts';
import type { Patience } from '../task/task-observer.ts';
import type { TaskRegistry } from '../task/task-registry.ts';
import { streamTask, streamTasks } from '../task/task-stream.ts';
import type { Caller } from './access/caller.ts';

/** The tasks as one caller may see them. */
export function feedFor(caller: Caller, registry: TaskRegistry, patience: Patience): TaskFeed {
  const { credential } = caller;
  const refuse = (id: string): Forbidden => new Forbidden(`These credentials do not cover task ${id}`);
  return {
    async get(id) {
      if (!caller.covers(id)) throw refuse(id);
      return registry.get(id, credential);
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
