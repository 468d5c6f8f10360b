import { useSubscription } from '@apollo/client/react';
import { TASK_STATUS, type Task } from './task-status.ts';

/** One task, live. */
export function TaskView({ id }: { readonly id: string }) {
  const { data, error } = useSubscription(TASK_STATUS, { variables: { id } });
  if (error) return <p role="alert">{error.message}</p>;
  if (!data) return <p>Asking for {id} …</p>;
  return <TaskCard task={data.taskStatus} />;
}

function TaskCard({ task }: { readonly task: Task }) {
  return (
    <article aria-live="polite">
      <h2>{task.id}</h2>
      <p>
        <strong>{task.status}</strong> {task.message ?? task.statusDescription}
        {task.stale && ' (last known state)'}
      </p>
      <progress max={100} value={task.progress ?? (task.finished ? 100 : undefined)} aria-label="Progress" />
      <ol>
        {task.stages.map(({ status, enteredAt }) => (
          <li key={enteredAt}>
            {status} <time dateTime={enteredAt}>{new Date(enteredAt).toLocaleTimeString()}</time>
          </li>
        ))}
      </ol>
      {task.resultUrl && <video src={task.resultUrl} controls autoPlay muted />}
    </article>
  );
}
