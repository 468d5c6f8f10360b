import { BadUserInput } from '../errors.ts';
import { builder } from './builder.ts';
import { taskGraphQLError } from './graphql-errors.ts';
import { parseTaskId, parseTaskIds } from './task-id.ts';
import { VideoTask } from './video-task.ts';

builder.subscriptionType({
  description: 'The state of tasks as it changes. All subscriptions to one task share one poll of A2E.',
});

builder.subscriptionField('taskStatus', (t) =>
  t.field({
    type: VideoTask,
    nullable: false,
    description:
      'One task: the current state at once, then every change; completes after SUCCESS or FAIL. While A2E cannot be ' +
      'reached the last good state stays, with `stale` true.',
    args: {
      id: t.arg.id({
        required: true,
        description:
          'The id of the task, A2E `_id`: 1 to 128 letters, digits, `_` and `-`, starting with a letter or digit.',
      }),
    },
    subscribe: (_root, { id }, { feed }) => feed.watch(parseTaskId(id)),
    resolve: (snapshot) => snapshot,
  }),
);

builder.subscriptionField('taskStatuses', (t) =>
  t.field({
    type: VideoTask,
    nullable: true,
    description:
      'Many tasks on one subscription: the current state of each, then every change of any; completes when all have ' +
      'finished. A task that does not exist or is not allowed is one event with null and an error that names it in ' +
      '`extensions.id`; the rest goes on, and the subscription ends with the error when no task is left.',
    args: {
      ids: t.arg.idList({
        required: true,
        description: 'The ids of the tasks, A2E `_id`, at least one and at most 100 unless configured otherwise.',
      }),
    },
    subscribe: (_root, { ids }, { feed, maxIds }) => {
      if (ids.length === 0) {
        throw new BadUserInput('At least one id is needed.');
      }
      return feed.watchAll([...new Set(parseTaskIds(ids, maxIds))]);
    },
    resolve: (event) => {
      if ('error' in event) {
        throw taskGraphQLError(event.id, event.error);
      }
      return event;
    },
  }),
);
