import { registerHooks } from 'node:module';
import type { GraphQLSchema } from 'graphql';
import type { createContext } from '../../src/schema/context.ts';
import type { TaskSnapshot } from '../../src/task/task-snapshot.ts';

/**
 * The gateway's own schema with its resolvers, for a peer that needs graphql 16. The imports of the schema come from
 * the packages of the benchmark.
 */
registerHooks({
  resolve(specifier, context, next) {
    const own = context.parentURL?.includes('/src/schema/') && !/^(\.|node:)/.test(specifier);
    return next(specifier, own ? { ...context, parentURL: import.meta.url } : context);
  },
});

const context = (await import('../../src/schema/context.ts')) as { createContext: typeof createContext };

/** Typed as a schema of graphql 17. */
export const { schema } = (await import('../../src/schema/schema.ts')) as unknown as { schema: GraphQLSchema };

const CREATED = Date.parse('2026-01-01T00:00:00.000Z');

/** A task in progress that the peer already has, so that it waits for no call. */
function snapshotOf(id: string): TaskSnapshot {
  const none = { message: null, resultUrl: null, resultPeopleUrl: null, resultBackgroundUrl: null, anchorId: null };
  const noBackground = { anchorType: null, backgroundWidth: null, backgroundHeight: null, color: null };
  const task = { id, status: 'PROCESS', rawStatus: 'process', progress: 42, createdAt: CREATED } as const;
  const rest = { replaceBackgroundId: null, customBackgroundId: null, elapsedSeconds: 60, reportedAt: CREATED };
  return {
    version: 1,
    task: { ...task, ...none, ...noBackground, ...rest },
    checkedAt: CREATED,
    nextCheckAt: CREATED,
    finished: false,
    stale: false,
    stages: [{ status: 'PROCESS', enteredAt: CREATED, leftAt: null }],
  };
}

const known = new Map<string, TaskSnapshot>();

/** The context of the resolvers, made for one operation, as in the gateway. */
export function contextOfQuery(): ReturnType<typeof createContext> {
  const unused = (): never => {
    throw new Error('queries only');
  };
  const get = async (id: string): Promise<TaskSnapshot> => known.getOrInsertComputed(id, () => snapshotOf(id));
  return context.createContext({ feed: { get, watch: unused, watchAll: unused }, maxIds: 100 });
}
