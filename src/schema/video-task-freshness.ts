import { builder } from './builder.ts';
import { toDateTime } from './date-time.ts';
import { VideoTask } from './video-task.ts';
import { VideoTaskStage } from './video-task-stage.ts';
import { describeStatus } from './video-task-status.ts';

builder.objectFields(VideoTask, (t) => ({
  finished: t.boolean({
    nullable: false,
    description:
      'Whether the task will not change any more: `status` is FAIL, or SUCCESS with its result (or without one after a grace of ten poll intervals, at least 30 s).',
    resolve: ({ finished }) => finished,
  }),
  statusDescription: t.string({
    nullable: false,
    description: 'The status in words, as the A2E documentation of `status` puts it.',
    resolve: ({ task }) => describeStatus(task.status),
  }),
  checkedAt: t.field({
    type: 'DateTime',
    nullable: false,
    description: 'When A2E last confirmed this state, by the clock of the gateway.',
    resolve: ({ checkedAt }) => toDateTime(checkedAt),
  }),
  nextCheckAt: t.field({
    type: 'DateTime',
    description:
      'When the gateway plans to ask A2E again, by its own clock; null when the task is finished or has no subscription.',
    resolve: ({ nextCheckAt }) => toDateTime(nextCheckAt),
  }),
  stale: t.boolean({
    nullable: false,
    description:
      'Whether the last check failed: this is then the last good state, and `checkedAt` tells how old it is.',
    resolve: ({ stale }) => stale,
  }),
  stages: t.field({
    type: [VideoTaskStage],
    nullable: false,
    description: 'The path of the task so far, as the gateway saw it, oldest first; the last one is the present stage.',
    resolve: ({ stages }) => stages,
  }),
}));
