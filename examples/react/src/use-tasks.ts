import { CombinedGraphQLErrors } from '@apollo/client';
import { useSubscription } from '@apollo/client/react';
import { useState } from 'react';
import { TASK_STATUSES, type Task } from './task-statuses.ts';

/** What is known of one task. */
export type TaskState =
  | { readonly kind: 'known'; readonly task: Task }
  | { readonly kind: 'refused'; readonly message: string };

/** The states of many tasks. */
export interface Tasks {
  /** By id; a task whose first state is still to come is missing. */
  readonly states: ReadonlyMap<string, TaskState>;
  /** Why the whole subscription has ended, or null. */
  readonly failure: string | null;
  /** Subscribes again after a failure. */
  readonly restart: () => void;
}

/** Watches all these tasks on one subscription, and keeps the latest state of each. */
export function useTasks(ids: readonly string[]): Tasks {
  const [states, setStates] = useState<ReadonlyMap<string, TaskState>>(new Map());
  const [failed, setFailed] = useState<{ readonly ids: string; readonly message: string } | null>(null);
  // Other ids are another subscription, which has not failed.
  const failure = failed?.ids === ids.join() ? failed.message : null;
  const put = (id: string, state: TaskState) => setStates((all) => new Map(all).set(id, state));

  const { restart } = useSubscription(TASK_STATUSES, {
    variables: { ids },
    skip: ids.length === 0,
    // Each event is about one task: the states are collected here, and the last event alone is of no use.
    ignoreResults: true,
    onData: ({ data: { data } }) => {
      setFailed(null);
      const task = data?.taskStatuses;
      if (task) put(task.id, { kind: 'known', task });
    },
    onError: (error) => {
      for (const { id, message } of problemsIn(error)) {
        if (id === null) setFailed({ ids: ids.join(), message });
        else put(id, { kind: 'refused', message });
      }
    },
  });

  const again = () => {
    setFailed(null);
    restart();
  };
  return { states, failure, restart: again };
}

/** The errors of one event, each with the id of the task that it concerns, or null if it ends the subscription. */
function problemsIn(error: Error): readonly { readonly id: string | null; readonly message: string }[] {
  if (!CombinedGraphQLErrors.is(error)) return [{ id: null, message: error.message }];
  return error.errors.map(({ message, extensions }) => {
    const id = extensions?.['id'];
    return { id: typeof id === 'string' ? id : null, message };
  });
}
