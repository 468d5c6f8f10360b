import type { OperationTrace } from '../../observability/tracing/operation-trace.ts';
import type { Audience, ServedOperations } from '../../observability/tracing/served-operations.ts';
import type { TaskFeed } from '../../schema/context.ts';
import { watchKey } from '../../task/watch-context.ts';
import type { Client } from '../access/client.ts';

/** The feed of a query with a trace: a poll that a read waits for links to the query. */
export function servedReads(
  feed: TaskFeed,
  { caller }: Client,
  served: ServedOperations,
  trace: OperationTrace,
): TaskFeed {
  const audience = new Set([{ trace }]);
  return {
    ...feed,
    async get(id) {
      const release = served.add([watchKey(id, caller.credential)], audience);
      try {
        return await feed.get(id);
      } finally {
        release();
      }
    },
  };
}

/** The feed of a subscription with traces: polls of its tasks link to the operations of its audience until `release`. */
export function servedWatches(
  feed: TaskFeed,
  { caller }: Client,
  served: ServedOperations,
  audience: Audience,
): { readonly feed: TaskFeed; readonly release: () => void } {
  let release = (): void => {};
  const serve = (ids: readonly string[]): void => {
    release = served.add(
      ids.map((id) => watchKey(id, caller.credential)),
      audience,
    );
  };
  return {
    feed: {
      ...feed,
      watch(id) {
        const events = feed.watch(id);
        serve([id]);
        return events;
      },
      watchAll(ids) {
        const events = feed.watchAll(ids);
        serve(ids);
        return events;
      },
    },
    release: () => release(),
  };
}
