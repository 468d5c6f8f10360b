import { TaskError } from '../errors.ts';
import { ConflatingQueue } from './conflating-queue.ts';
import type { TaskErrorEvent } from './task-error-event.ts';
import { type SubscriptionTimeouts, TaskObserver } from './task-observer.ts';
import type { TaskSnapshot } from './task-snapshot.ts';
import type { TaskWatch } from './task-watch.ts';

/** A task to stream, or the reason why it may not be. */
export type WatchOrError = TaskWatch | TaskErrorEvent;

/**
 * The changes of one or many tasks as one stream, a latest-wins slot per task. A task that ends with an error is
 * told as a {@link TaskErrorEvent} while others go on; when nothing is left it is thrown, as a {@link TaskError}. Completes when all have finished.
 * Observing begins at once, and ends when the stream has ended or its reader returns.
 */
export function streamTasks(
  parts: readonly WatchOrError[],
  patience: SubscriptionTimeouts,
): AsyncIterableIterator<TaskSnapshot | TaskErrorEvent, undefined> {
  const observers: TaskObserver[] = [];
  const slots = new ConflatingQueue<TaskSnapshot | TaskErrorEvent>(() => {
    for (const observer of observers) observer.stop();
  });
  let left = parts.length;
  const fault = (part: TaskErrorEvent): void => {
    left -= 1;
    if (left > 0) slots.push(part.id, part);
    else slots.fail(new TaskError(part.id, part.error));
  };
  for (const part of parts) {
    if ('error' in part) continue;
    const { id } = part;
    observers.push(
      new TaskObserver(part, patience, {
        next: (snapshot) => slots.push(id, snapshot),
        complete: () => {
          left -= 1;
          if (left === 0) slots.finish();
        },
        error: (error) => fault({ id, error }),
      }),
    );
  }
  for (const part of parts) if ('error' in part) fault(part);
  return slots;
}

/** The changes of one task: completes after SUCCESS or FAIL, throws a definitive error. */
export function streamTask(
  watch: TaskWatch,
  patience: SubscriptionTimeouts,
): AsyncIterableIterator<TaskSnapshot, undefined> {
  let observer: TaskObserver | null = null;
  const slots = new ConflatingQueue<TaskSnapshot>(() => observer?.stop());
  observer = new TaskObserver(watch, patience, {
    next: (snapshot) => slots.push(watch.id, snapshot),
    complete: () => slots.finish(),
    error: (error) => slots.fail(error),
  });
  return slots;
}
