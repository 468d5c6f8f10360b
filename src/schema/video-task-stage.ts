import type { TaskStage } from '../task/task-snapshot.ts';
import { builder } from './builder.ts';
import { toDateTime } from './date-time.ts';
import { VideoTaskStatus } from './video-task-status.ts';

/** The GraphQL type of one step of a task's path. */
export const VideoTaskStage = builder.objectRef<TaskStage>('VideoTaskStage').implement({
  description:
    'One stage of a task, as the gateway saw it. A2E keeps no history; a stage that passes between two polls is not seen.',
  fields: (t) => ({
    status: t.field({
      type: VideoTaskStatus,
      nullable: false,
      description: 'The A2E field `status` during this stage.',
      resolve: ({ status }) => status,
    }),
    enteredAt: t.field({
      type: 'DateTime',
      nullable: false,
      description: 'When the gateway first saw the task in this stage, by its own clock.',
      resolve: ({ enteredAt }) => toDateTime(enteredAt),
    }),
    leftAt: t.field({
      type: 'DateTime',
      description: 'When the gateway first saw the task in the next stage, by its own clock; null for the present one.',
      resolve: ({ leftAt }) => toDateTime(leftAt),
    }),
  }),
});
