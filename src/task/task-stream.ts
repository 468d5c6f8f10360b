import { type GatewayError, TaskError } from '../errors.ts';
import { ConflatingQueue } from './conflating-queue.ts';
import type { TaskErrorEvent } from './task-error-event.ts';
import { type SubscriptionTimeouts, TaskObserver } from './task-observer.ts';
import type { TaskSnapshot } from './task-snapshot.ts';
import type { TaskWatch } from './task-watch.ts';

/** A task to stream, or the reason why it may not be. */
export type WatchOrError = TaskWatch | TaskErrorEvent;

/**
 * The changes of one or many tasks as one stream that keeps the latest state per task (conflation). A task that ends with
 * an error yields a {@link TaskErrorEvent} while other tasks go on; the last one is thrown, as a {@link TaskError}. The
 * stream completes when all tasks have finished. Observing begins at once, and ends when the stream has ended or its
 * reader returns.
 *
 * @param subscribers how many clients read the stream; by default one
 */
export function streamTasks(
  parts: readonly WatchOrError[],
  timeouts: SubscriptionTimeouts,
  subscribers?: () => number,
): AsyncIterableIterator<TaskSnapshot | TaskErrorEvent, undefined> {
  const observers: TaskObserver[] = [];
  const queue = new ConflatingQueue<TaskSnapshot | TaskErrorEvent>(() => {
    for (const observer of observers) observer.stop();
  });
  let remaining = parts.length;
  const fail = (part: TaskErrorEvent): void => {
    remaining -= 1;
    if (remaining > 0) queue.push(part.id, part);
    else queue.fail(new TaskError(part.id, part.error));
  };
  for (const part of parts) {
    if ('error' in part) continue;
    const { id } = part;
    observers.push(
      new TaskObserver(
        part,
        timeouts,
        {
          next: (snapshot) => queue.push(id, snapshot),
          complete: () => {
            remaining -= 1;
            if (remaining === 0) queue.finish();
          },
          error: (error) => fail({ id, error }),
        },
        subscribers,
      ),
    );
  }
  for (const part of parts) if ('error' in part) fail(part);
  return queue;
}

/** The changes of one task: completes after the final state, throws a definitive error. */
export function streamTask(
  watch: TaskWatch,
  timeouts: SubscriptionTimeouts,
  subscribers?: () => number,
): AsyncIterableIterator<TaskSnapshot, undefined> {
  let observer: TaskObserver | null = null;
  const queue = new ConflatingQueue<TaskSnapshot>(() => observer?.stop());
  const sink = {
    next: (snapshot: TaskSnapshot) => queue.push(watch.id, snapshot),
    complete: () => queue.finish(),
    error: (error: GatewayError) => queue.fail(error),
  };
  observer = new TaskObserver(watch, timeouts, sink, subscribers);
  return queue;
}
