import type { TaskSnapshot } from '../task/task-snapshot.ts';
import { builder } from './builder.ts';
import { toDateTime } from './date-time.ts';
import { VideoTaskStatus } from './video-task-status.ts';

/** The GraphQL type of a task: the fields of A2E. `video-task-freshness.ts` adds the fields of the gateway. */
export const VideoTask = builder.objectRef<TaskSnapshot>('VideoTask').implement({
  description:
    'The state of one avatar-video job at A2E, as `POST /api/v1/video/awsResult` last reported it, and its freshness. ' +
    'A field is null where A2E gives no value, an empty text or an unusable value. So is a URL of more than 8,192 ' +
    'characters, and an id or a word of more than 256.',
});

builder.objectFields(VideoTask, (t) => ({
  id: t.id({
    nullable: false,
    description: 'The id of the job. A2E `_id`.',
    resolve: ({ task }) => task.id,
  }),
  status: t.field({
    type: VideoTaskStatus,
    nullable: false,
    description:
      'How far the job is. A2E `status`; `completed` reads as SUCCESS, `failed` and `error` as FAIL, any other word that is not documented as UNKNOWN.',
    resolve: ({ task }) => task.status,
  }),
  rawStatus: t.string({
    nullable: false,
    description: 'A2E `status` as A2E wrote it, in its own spelling; at most 256 characters.',
    resolve: ({ task }) => task.rawStatus,
  }),
  progress: t.int({
    description: 'Progress in percent, 0 to 100. A2E `process`.',
    resolve: ({ task }) => task.progress,
  }),
  message: t.string({
    description:
      'The message of A2E about the job, for example the reason of a failure; at most 4,096 characters. A2E `msg`.',
    resolve: ({ task }) => task.message,
  }),
}));

builder.objectFields(VideoTask, (t) => ({
  resultUrl: t.field({
    type: 'URL',
    description: 'The finished video, http or https. A2E `result`.',
    resolve: ({ task }) => task.resultUrl,
  }),
  resultPeopleUrl: t.field({
    type: 'URL',
    description: 'The part of the result with the people, http or https; A2E often omits it. A2E `result_people_url`.',
    resolve: ({ task }) => task.resultPeopleUrl,
  }),
  resultBackgroundUrl: t.field({
    type: 'URL',
    description: 'The part of the result with the background, http or https; A2E often omits it. A2E `result_bg_url`.',
    resolve: ({ task }) => task.resultBackgroundUrl,
  }),
}));

builder.objectFields(VideoTask, (t) => ({
  anchorId: t.id({
    description: 'The avatar (anchor) of the video. A2E `anchor_id`.',
    resolve: ({ task }) => task.anchorId,
  }),
  anchorType: t.string({
    description: 'The kind of avatar (anchor), a number as text, for example "0". A2E `anchor_type`.',
    resolve: ({ task }) => task.anchorType,
  }),
  backgroundWidth: t.int({
    description: 'Width of the background in pixels. A2E `web_bg_width`.',
    resolve: ({ task }) => task.backgroundWidth,
  }),
  backgroundHeight: t.int({
    description: 'Height of the background in pixels. A2E `web_bg_height`.',
    resolve: ({ task }) => task.backgroundHeight,
  }),
  color: t.string({
    description: 'The background colour as A2E writes it. A2E `color`.',
    resolve: ({ task }) => task.color,
  }),
  replaceBackgroundId: t.id({
    description: 'The background put in place of the original one. A2E `replace_bg_id`.',
    resolve: ({ task }) => task.replaceBackgroundId,
  }),
  customBackgroundId: t.id({
    description: 'The custom background, if one is used. A2E `custom_backs_id`.',
    resolve: ({ task }) => task.customBackgroundId,
  }),
}));

builder.objectFields(VideoTask, (t) => ({
  createdAt: t.field({
    type: 'DateTime',
    description: 'When the job was created, by the clock of A2E. A2E `createdAt`.',
    resolve: ({ task }) => toDateTime(task.createdAt),
  }),
  elapsedSeconds: t.int({
    description: 'Seconds from the creation of the job to the last answer, by the clock of A2E. A2E `diff_s`.',
    resolve: ({ task }) => task.elapsedSeconds,
  }),
  reportedAt: t.field({
    type: 'DateTime',
    description:
      'When A2E gave the last answer, by its clock. A2E `current_date`, which A2E writes in UTC+8 without a zone.',
    resolve: ({ task }) => toDateTime(task.reportedAt),
  }),
}));
