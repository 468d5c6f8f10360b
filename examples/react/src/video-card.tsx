import { type ReactElement, useId } from 'react';
import { Stages } from './stages.tsx';
import { statusName } from './status-name.ts';
import type { Task } from './task-statuses.ts';
import type { TaskState } from './use-tasks.ts';

/** One video: the video itself or the progress towards it, its status and its stages. */
export function VideoCard({ id, state }: { readonly id: string; readonly state: TaskState | undefined }): ReactElement {
  const titleId = useId();
  const task = state?.kind === 'known' ? state.task : null;
  return (
    <article aria-labelledby={titleId} data-mood={moodOf(state)}>
      <div className="screen">{task && <Screen task={task} titleId={titleId} />}</div>
      <h2 id={titleId}>{id}</h2>
      {/* Assistive technology reads the whole text aloud whenever a part of it changes. The percentage, which changes
          often, is outside. */}
      <p role="status" className="status">
        <span className="unseen">{id}: </span>
        {summaryOf(state)}
      </p>
      {task && <Stages stages={task.stages} finished={task.finished} />}
    </article>
  );
}

/** The video loads when it is played: a list of many videos costs its viewer nothing. */
function Screen({ task, titleId }: { readonly task: Task; readonly titleId: string }): ReactElement {
  const { progress, resultUrl } = task;
  if (resultUrl !== null) {
    // biome-ignore lint/a11y/useMediaCaption: A2E makes no captions.
    return <video src={resultUrl} controls preload="none" playsInline aria-labelledby={titleId} />;
  }
  return (
    <>
      <span className="percent" aria-hidden="true">
        {progress === null ? '…' : `${progress} %`}
      </span>
      <progress max={100} value={progress ?? undefined} aria-labelledby={titleId} />
    </>
  );
}

function summaryOf(state: TaskState | undefined): string {
  if (!state) return 'Waiting for its state …';
  if (state.kind === 'refused') return state.message;
  const { status, rawStatus, message, stale } = state.task;
  return [statusName(status, rawStatus), message, stale && 'last known state'].filter(Boolean).join(', ');
}

/** What the colours of the card say. */
function moodOf(state: TaskState | undefined): string {
  if (!state) return 'waiting';
  if (state.kind === 'refused' || state.task.status === 'FAIL') return 'failed';
  if (state.task.stale) return 'stale';
  return state.task.finished ? 'ready' : 'working';
}
