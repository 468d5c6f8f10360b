import { builder } from './builder.ts';
import { locationOf, withTaskId } from './graphql-errors.ts';
import { parseTaskId, parseTaskIds } from './task-id.ts';
import { VideoTask } from './video-task.ts';

builder.queryType({
  description:
    'The current state of tasks. A query costs no call to A2E while a state that is recent or final is known.',
});

builder.queryField('videoTask', (t) =>
  t.field({
    type: VideoTask,
    description: 'One task; null when A2E knows no such task.',
    args: {
      id: t.arg.id({
        required: true,
        description:
          'The id of the task, A2E `_id`: 1 to 128 letters, digits, `_` and `-`, starting with a letter or digit.',
      }),
    },
    resolve: (_root, { id }, { loader }, info) => {
      const taskId = parseTaskId(id);
      return withTaskId(taskId, locationOf(info), () => loader.load(taskId));
    },
  }),
);

builder.queryField('videoTasks', (t) =>
  t.field({
    type: [VideoTask],
    nullable: { list: false, items: true },
    description:
      'Several tasks, in the order asked; null for a task that A2E does not know. At most one call to A2E per distinct ' +
      'id. A task that cannot be read is null beside an error that names it in `extensions.id`; the rest is not affected.',
    args: {
      ids: t.arg.idList({
        required: true,
        description:
          'The ids of the tasks, A2E `_id`, at most 100 unless configured otherwise. A malformed id fails the whole field.',
      }),
    },
    resolve: (_root, { ids }, { loader, maxIds }, info) =>
      parseTaskIds(ids, maxIds).map((id, index) => withTaskId(id, locationOf(info, index), () => loader.load(id))),
  }),
);
