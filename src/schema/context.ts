import type { TaskErrorEvent } from '../task/task-error-event.ts';
import type { TaskSnapshot } from '../task/task-snapshot.ts';
import { createTaskLoader, type TaskLoader } from './task-loader.ts';

/** The tasks that the resolvers read, on behalf of one caller. Ids arrive checked and without duplicates. */
export interface TaskFeed {
  /** The current state; null: no such task. Rejects with a `GatewayError`. */
  get(id: string): Promise<TaskSnapshot | null>;
  /** The current state, then every change. Completes after SUCCESS or FAIL; throws a `GatewayError`. */
  watch(id: string): AsyncIterableIterator<TaskSnapshot>;
  /**
   * Several tasks on one stream. An error ends only its own task, as an event; the error of the last task left is
   * thrown. Completes when all have finished.
   */
  watchAll(ids: readonly string[]): AsyncIterableIterator<TaskSnapshot | TaskErrorEvent>;
}

/** The context of the resolvers. Created for one operation; holds no state of a task. */
export interface GraphQLContext {
  readonly feed: TaskFeed;
  /** How many ids one `videoTasks` or `taskStatuses` may name, and the whole operation may read. */
  readonly maxIds: number;
  /** Reads through {@link TaskFeed.get}, once for all fields that read the same task at the same time. */
  readonly loader: TaskLoader;
}

/** The context of one operation. `maxIds` is the configured `MAX_IDS`. */
export function createContext({ feed, maxIds }: Pick<GraphQLContext, 'feed' | 'maxIds'>): GraphQLContext {
  return { feed, maxIds, loader: createTaskLoader((id) => feed.get(id), maxIds) };
}
