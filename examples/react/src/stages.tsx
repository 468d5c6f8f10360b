import type { ReactElement } from 'react';
import { statusName, USUAL_PATH } from './status-name.ts';
import type { Stage } from './task-statuses.ts';

/** The stages that a task has been through, then the ones that usually follow. */
export function Stages({
  stages,
  finished,
}: {
  readonly stages: readonly Stage[];
  readonly finished: boolean;
}): ReactElement {
  const present = stages.at(-1);
  const index = USUAL_PATH.indexOf(present?.status ?? '');
  const ahead = finished || index < 0 ? [] : USUAL_PATH.slice(index + 1);
  return (
    <ol className="stages" aria-label="Stages">
      {stages.map((stage) => (
        <li
          key={stage.enteredAt}
          className="reached"
          aria-current={stage === present ? 'step' : undefined}
          title={new Date(stage.enteredAt).toLocaleTimeString()}
        >
          {statusName(stage.status)}
        </li>
      ))}
      {ahead.map((status) => (
        <li key={status}>{statusName(status)}</li>
      ))}
    </ol>
  );
}
