import { registerHooks } from 'node:module';
import type { GraphQLSchema } from 'graphql';
import type { createContext } from '../../src/schema/context.ts';
import type { TaskSnapshot } from '../../src/task/task-snapshot.ts';

/**
 * The gateway's own schema, resolvers and all, for a peer that needs graphql 16: what the schema imports comes from
 * the packages of the benchmark.
 */
registerHooks({
  resolve(specifier, context, next) {
    const own = context.parentURL?.includes('/src/schema/') && !/^(\.|node:)/.test(specifier);
    return next(specifier, own ? { ...context, parentURL: import.meta.url } : context);
  },
});

const context = (await import('../../src/schema/context.ts')) as { createContext: typeof createContext };

/** Typed as that of the other graphql. */
export const { schema } = (await import('../../src/schema/schema.ts')) as unknown as { schema: GraphQLSchema };

const CREATED = Date.parse('2026-01-01T00:00:00.000Z');

/** A task in progress that is known already, so that a peer has nothing to wait for. */
function snapshotOf(id: string): TaskSnapshot {
  const none = { message: null, resultUrl: null, resultPeopleUrl: null, resultBackgroundUrl: null, anchorId: null };
  const nothing = { anchorType: null, backgroundWidth: null, backgroundHeight: null, color: null };
  const task = { id, status: 'PROCESS', rawStatus: 'process', progress: 42, createdAt: CREATED } as const;
  const rest = { replaceBackgroundId: null, customBackgroundId: null, elapsedSeconds: 60, reportedAt: CREATED };
  return {
    version: 1,
    task: { ...task, ...none, ...nothing, ...rest },
    checkedAt: CREATED,
    nextCheckAt: CREATED,
    stale: false,
    stages: [{ status: 'PROCESS', enteredAt: CREATED, leftAt: null }],
  };
}

const known = new Map<string, TaskSnapshot>();

/** What the resolvers get: made for one operation, as in the gateway. */
export function contextOfQuery(): ReturnType<typeof createContext> {
  const unused = (): never => {
    throw new Error('queries only');
  };
  const get = async (id: string): Promise<TaskSnapshot> => known.getOrInsertComputed(id, () => snapshotOf(id));
  return context.createContext({ feed: { get, watch: unused, watchAll: unused }, maxIds: 100 });
}
