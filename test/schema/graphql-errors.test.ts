import { execute, GraphQLError, parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { TaskNotFound, UpstreamRateLimited, UpstreamUnavailable } from '../../src/errors.ts';
import { createContext } from '../../src/schema/context.ts';
import { INTERNAL_SERVER_ERROR, taskGraphQLError, toGraphQLError } from '../../src/schema/graphql-errors.ts';
import { schema } from '../../src/schema/schema.ts';
import { MemoryFeed, snapshotOf } from './memory-feed.ts';

const SECRET = 'connect ECONNREFUSED 10.0.0.7 with token sk_live_1';

describe('toGraphQLError', () => {
  it('shows a gateway error with its extensions', () => {
    const shown = toGraphQLError(new UpstreamRateLimited('A2E asks for a pause.', { retryAfterMs: 6500 }));
    expect(shown).toBeInstanceOf(GraphQLError);
    expect(shown.toJSON()).toEqual({
      message: 'A2E asks for a pause.',
      extensions: { code: 'UPSTREAM_RATE_LIMITED', retryAfterSeconds: 7 },
    });
  });

  it('does not show the cause of a gateway error', () => {
    const shown = toGraphQLError(new UpstreamUnavailable('A2E did not answer.', { cause: new Error(SECRET) }));
    expect(JSON.stringify(shown)).not.toContain('sk_live_1');
    expect(shown.extensions['code']).toBe('UPSTREAM_UNAVAILABLE');
  });

  it('finds the gateway error beneath the GraphQL errors around it, by cause and by originalError', () => {
    const gateway = new TaskNotFound('No such task.');
    for (const wrapped of [
      new GraphQLError('wrapped', { cause: gateway, extensions: { http: { status: 500 } } }),
      new GraphQLError('wrapped', { originalError: gateway, extensions: {} }),
      new GraphQLError('twice', {
        cause: new GraphQLError('wrapped', { cause: gateway, extensions: {} }),
        path: ['a'],
      }),
    ]) {
      expect(toGraphQLError(wrapped)).toMatchObject({
        message: 'No such task.',
        path: wrapped.path,
        extensions: { code: 'TASK_NOT_FOUND' },
      });
    }
  });

  it.each([[new Error(SECRET)], [new TypeError(SECRET)], [SECRET], [{ message: SECRET }], [null], [undefined]])(
    'masks %o and keeps it as the cause',
    (thrown) => {
      const shown = toGraphQLError(thrown);
      expect(shown.toJSON()).toEqual({
        message: 'Internal server error',
        extensions: { code: INTERNAL_SERVER_ERROR },
      });
      expect(shown.cause).toBe(thrown);
    },
  );

  it('masks an error of a resolver where it is thrown, and only once', async () => {
    const [located] = await errorsOf('query Q($id: ID!) { videoTask(id: $id) { id } }', { id: 'a' });
    const shown = toGraphQLError(located);
    expect(shown.toJSON()).toEqual({
      message: 'Internal server error',
      path: ['videoTask'],
      locations: [{ line: 1, column: 21 }],
      extensions: { code: 'INTERNAL_SERVER_ERROR' },
    });
    expect(shown.cause).toBe(located);
    expect(toGraphQLError(shown)).toBe(shown);
  });

  it('returns the same object when it may be shown as it is', async () => {
    const [syntax] = await errorsOf('{ videoTask', {});
    const [validation] = await errorsOf('{ nothing }', {});
    const [input] = await errorsOf('{ videoTask(id: "../x") { id } }', {});
    const plain = new GraphQLError('Shown', { extensions: { code: 'SOME_CODE' } });
    for (const error of [syntax, validation, input, plain, taskGraphQLError('a', new TaskNotFound('No such task.'))]) {
      expect(error).toBeInstanceOf(GraphQLError);
      expect(toGraphQLError(error)).toBe(error);
    }
    expect(input?.extensions['code']).toBe('BAD_USER_INPUT');
  });

  it('says that a variable of the wrong shape is the caller’s mistake', async () => {
    const [coercion] = await errorsOf('query Q($id: ID!) { videoTask(id: $id) { id } }', { id: { no: 'id' } });
    const visible = toGraphQLError(coercion);
    expect(visible.extensions['code']).toBe('BAD_USER_INPUT');
    expect(visible.message).toBe(coercion?.message);
    expect(visible.locations).toEqual(coercion?.locations);
    expect(toGraphQLError(visible)).toBe(visible);
  });
});

describe('a value that a resolver got wrong', () => {
  it('is an internal error, not the mistake of the caller', async () => {
    const status = 'NO_SUCH_STATUS' as 'INIT';
    const contextValue = createContext({ feed: new MemoryFeed({ a: snapshotOf({ id: 'a', status }) }), maxIds: 10 });
    const document = parse('{ videoTask(id: "a") { status } }');
    const { errors = [] } = await execute({ schema, document, contextValue });
    expect(errors.map(toGraphQLError)).toMatchObject([
      { message: 'Internal server error', path: ['videoTask', 'status'], extensions: { code: INTERNAL_SERVER_ERROR } },
    ]);
  });
});

describe('an error about one task', () => {
  it('is built once for all callers, and reaches each without a stack trace', async () => {
    const failure = new UpstreamUnavailable('A2E did not answer.');
    const contextOf = () => createContext({ feed: new MemoryFeed({ a: failure, b: failure }), maxIds: 10 });
    const document = parse('{ videoTasks(ids: ["a", "b"]) { id } videoTask(id: "a") { id } }');
    const results = [
      await execute({ schema, document, contextValue: contextOf() }),
      await execute({ schema, document, contextValue: contextOf() }),
    ];
    for (const { errors = [] } of results) {
      expect(errors.map(({ path, extensions }) => [path, extensions['id']])).toEqual(
        expect.arrayContaining([
          [['videoTasks', 0], 'a'],
          [['videoTasks', 1], 'b'],
          [['videoTask'], 'a'],
        ]),
      );
      for (const error of errors) {
        expect(error.stack).not.toMatch(/\n\s+at /);
        expect(toGraphQLError(error)).toBe(error);
        expect(error.locations).toHaveLength(1);
      }
    }
    const [first, second] = [1, 2].map(() => taskGraphQLError('a', failure).cause);
    expect(second).toBe(first);
  });
});

describe('taskError', () => {
  it('names the task beside the message of the error', () => {
    const error = taskGraphQLError('a', new UpstreamRateLimited('A2E asks for a pause.', { retryAfterMs: 1000 }));
    expect(error.extensions).toEqual({ code: 'UPSTREAM_RATE_LIMITED', retryAfterSeconds: 1, id: 'a' });
  });
});

async function errorsOf(source: string, variableValues: Record<string, unknown>): Promise<readonly GraphQLError[]> {
  const contextValue = createContext({ feed: new MemoryFeed({ a: new Error(SECRET) }), maxIds: 10 });
  try {
    const document = parse(source);
    const invalid = validate(schema, document);
    if (invalid.length > 0) {
      return invalid;
    }
    return (await execute({ schema, document, variableValues, contextValue })).errors ?? [];
  } catch (error) {
    return error instanceof GraphQLError ? [error] : [];
  }
}
