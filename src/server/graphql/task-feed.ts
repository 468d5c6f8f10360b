import { Forbidden, withoutStackTrace } from '../../errors.ts';
import type { TaskFeed } from '../../schema/context.ts';
import type { SubscriptionTimeouts } from '../../task/task-observer.ts';
import type { TaskRegistry } from '../../task/task-registry.ts';
import { streamTask, streamTasks } from '../../task/task-stream.ts';
import type { Caller } from '../access/authenticator.ts';
import type { Admission } from '../limits/admission.ts';
import type { CacheDependencies } from './cache-dependencies.ts';

/** The reads of one query. */
export interface ReadOptions {
  /** Records the states that the query reads. */
  readonly dependencies?: CacheDependencies | undefined;
  /** Aborts when the client has gone: its reads stop waiting. */
  readonly signal?: AbortSignal | undefined;
  /** Bounds the reads that wait for A2E; undefined: unbounded. */
  readonly admission?: Admission | undefined;
  /** How many clients read a subscription; undefined: one. */
  readonly subscribers?: (() => number) | undefined;
}

const noop = (): void => {};

/** The tasks as one caller may see them. */
export function createTaskFeed(
  caller: Caller,
  registry: TaskRegistry,
  timeouts: SubscriptionTimeouts,
  { dependencies, signal, admission, subscribers }: ReadOptions = {},
): TaskFeed {
  const { credential } = caller;
  return {
    async get(id) {
      if (!caller.canAccess(id)) throw forbidden(id);
      let done = noop;
      try {
        if (admission && !registry.watch(id, credential).isFresh) done = admission.startRead(caller);
        const snapshot = await registry.get(id, credential, signal);
        dependencies?.record(registry.watch(id, credential), snapshot);
        return snapshot;
      } catch (error) {
        dependencies?.markUncacheable();
        throw error;
      } finally {
        done();
      }
    },
    watch(id) {
      if (!caller.canAccess(id)) throw forbidden(id);
      return streamTask(registry.watch(id, credential), timeouts, subscribers);
    },
    watchAll(ids) {
      const parts = ids.map((id) =>
        caller.canAccess(id) ? registry.watch(id, credential) : { id, error: forbidden(id) },
      );
      return streamTasks(parts, timeouts, subscribers);
    },
  };
}

function forbidden(id: string): Forbidden {
  return withoutStackTrace(() => new Forbidden(`These credentials do not cover task ${id}`));
}
