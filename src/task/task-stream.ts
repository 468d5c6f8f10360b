import { TaskError } from '../errors.ts';
import { LatestSlots } from './latest-slots.ts';
import type { TaskFault } from './task-fault.ts';
import { type Patience, TaskObserver } from './task-observer.ts';
import type { TaskSnapshot } from './task-snapshot.ts';
import type { TaskWatch } from './task-watch.ts';

/** A task to stream, or the reason why it may not be. */
export type StreamPart = TaskWatch | TaskFault;

/**
 * The changes of one or many tasks as one stream, a latest-wins slot per task. A task that ends with an error is
 * told as a {@link TaskFault} while others go on; when nothing is left it is thrown, as a {@link TaskError}. Completes when all have finished.
 * Observing begins at once, and ends when the stream has ended or its reader returns.
 */
export function streamTasks(
  parts: readonly StreamPart[],
  patience: Patience,
): AsyncIterableIterator<TaskSnapshot | TaskFault, undefined> {
  const observers: TaskObserver[] = [];
  const slots = new LatestSlots<TaskSnapshot | TaskFault>(() => {
    for (const observer of observers) observer.stop();
  });
  let left = parts.length;
  const fault = (part: TaskFault): void => {
    left -= 1;
    if (left > 0) slots.put(part.id, part);
    else slots.fail(new TaskError(part.id, part.error));
  };
  for (const part of parts) {
    if ('error' in part) continue;
    const { id } = part;
    observers.push(
      new TaskObserver(part, patience, {
        state: (snapshot) => slots.put(id, snapshot),
        finished: () => {
          left -= 1;
          if (left === 0) slots.finish();
        },
        failed: (error) => fault({ id, error }),
      }),
    );
  }
  for (const part of parts) if ('error' in part) fault(part);
  return slots;
}

/** The changes of one task: completes after SUCCESS or FAIL, throws a definitive error. */
export function streamTask(watch: TaskWatch, patience: Patience): AsyncIterableIterator<TaskSnapshot, undefined> {
  let observer: TaskObserver | null = null;
  const slots = new LatestSlots<TaskSnapshot>(() => observer?.stop());
  observer = new TaskObserver(watch, patience, {
    state: (snapshot) => slots.put(watch.id, snapshot),
    finished: () => slots.finish(),
    failed: (error) => slots.fail(error),
  });
  return slots;
}
