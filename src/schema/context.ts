import type { TaskErrorEvent } from '../task/task-error-event.ts';
import type { TaskSnapshot } from '../task/task-snapshot.ts';
import { createTaskLoader, type TaskLoader } from './task-loader.ts';

/** What the resolvers ask for tasks, in the name of one caller. Ids arrive checked and without duplicates. */
export interface TaskFeed {
  /** The current state; null: no such task. Rejects with a `GatewayError`. */
  get(id: string): Promise<TaskSnapshot | null>;
  /** The current state, then every change. Completes after SUCCESS or FAIL; throws a `GatewayError`. */
  watch(id: string): AsyncIterableIterator<TaskSnapshot>;
  /**
   * The same for several tasks on one stream. A fault ends only its own task, but for that of the last one left, which is
   * thrown; completes when all have finished.
   */
  watchAll(ids: readonly string[]): AsyncIterableIterator<TaskSnapshot | TaskErrorEvent>;
}

/** What the resolvers get beside their arguments. Made for one operation; holds no state of any task. */
export interface GraphQLContext {
  readonly feed: TaskFeed;
  /** How many ids one `videoTasks` or `taskStatuses` may name, and the whole operation may read. */
  readonly maxIds: number;
  /** Reads through {@link TaskFeed.get}, once for all that ask for the same task at the same time. */
  readonly loader: TaskLoader;
}

/** The context of one operation. `maxIds` is the configured `MAX_IDS`. */
export function createContext({ feed, maxIds }: Pick<GraphQLContext, 'feed' | 'maxIds'>): GraphQLContext {
  return { feed, maxIds, loader: createTaskLoader((id) => feed.get(id), maxIds) };
}
