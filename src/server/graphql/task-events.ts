import { Forbidden } from '../../errors.ts';
import type { Credential } from '../../task/credential.ts';
import type { TaskErrorEvent } from '../../task/task-error-event.ts';
import type { TaskRegistry } from '../../task/task-registry.ts';
import type { TaskSnapshot } from '../../task/task-snapshot.ts';

/** The events of the schema's subscriptions. */
export type TaskEvent = TaskSnapshot | TaskErrorEvent;

/** The task that an event is about. */
export function taskIdOf(event: TaskEvent): string {
  return 'task' in event ? event.task.id : event.id;
}

/**
 * Whether an event is an error that a new subscription might not hit. `Forbidden` is permanent: the scope of the caller
 * is part of the sharing key.
 */
export function isTransient(event: TaskEvent): boolean {
  return 'error' in event && !(event.error instanceof Forbidden);
}

/** The event with the task's current snapshot, for a subscriber that joins later. */
export function withCurrentSnapshot(event: TaskEvent, registry: TaskRegistry, credential: Credential): TaskEvent {
  return 'task' in event ? (registry.watch(event.task.id, credential).state.snapshot ?? event) : event;
}

/** The same iterator; calls `release` when its reader returns it, as `LiveResult` always does at the end. */
export function releasing<T>(events: AsyncIterator<T>, release: () => void): AsyncIterator<T> {
  return {
    next: () => events.next(),
    return: async () => {
      release();
      return (await events.return?.()) ?? { done: true, value: undefined };
    },
  };
}
