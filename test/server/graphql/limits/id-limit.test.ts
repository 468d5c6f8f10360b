import fc from 'fast-check';
import { execute, parse, validate } from 'graphql';
import { describe, expect, it, test } from 'vitest';
import { createContext } from '../../../../src/schema/context.ts';
import { schema } from '../../../../src/schema/schema.ts';
import { createTaskLoader } from '../../../../src/schema/task-loader.ts';
import { checkVariables } from '../../../../src/server/graphql/limits/operation-limits.ts';
import { normalizeOperations, parseOperation } from '../../../../src/server/graphql/prepared-operation.ts';
import { MemoryFeed } from '../../../schema/memory-feed.ts';

const MAX_IDS = 6;
const LIMITS = { ids: MAX_IDS, tokens: 1000, depth: 10, aliases: 50, rootFields: 50, directives: 50 };
const UNLIMITED = 1_000;

/** The variables of every generated operation, with their defaults. */
const DECLARATIONS =
  '$id: ID! = "d1", $nullable: ID = "d2", $list: [ID!]! = ["d3", "d4", "d5"], $single: [ID!]! = "d6", ' +
  '$free: [ID!] = ["d7", "d8"], $yes: Boolean! = true, $no: Boolean = false';

const idText = fc.integer({ min: 0, max: 30 }).map((n) => `"t${n}"`);
const literalList = fc.array(fc.oneof(idText, fc.constantFrom('$id', '$nullable')), { maxLength: MAX_IDS + 2 });
const listArgument = fc.oneof(
  literalList.map((items) => `[${items.join(', ')}]`),
  fc.constantFrom('$list', '$single', '$free', '$id'),
  idText,
);
const idArgument = fc.oneof(idText, fc.constantFrom('$id', '$nullable'));
const condition = fc.constantFrom('true', 'false', '$yes', '$no');
const directives = fc.oneof(
  { weight: 3, arbitrary: fc.constant('') },
  fc.tuple(fc.constantFrom('@skip', '@include'), condition).map(([name, value]) => `${name}(if: ${value})`),
  fc.tuple(condition, condition).map(([skip, include]) => `@skip(if: ${skip}) @include(if: ${include})`),
);

/** A field; its alias follows from its arguments now and then, so that equal fields merge. */
const field = fc
  .tuple(
    fc.oneof(
      idArgument.map((id) => `videoTask(id: ${id})`),
      listArgument.map((ids) => `videoTasks(ids: ${ids})`),
    ),
    directives,
  )
  .map(([call, condition]) => `${aliasOf(call)}: ${call} ${condition} { id }`);

const FRAGMENTS = ['A', 'B', 'C'] as const;
/** Fragment n may spread the fragments after it. */
const selections = (from: number): fc.Arbitrary<string> =>
  fc
    .array(
      fc.oneof(
        { weight: 3, arbitrary: field },
        fc
          .tuple(fc.constantFrom('... on Query', '...'), directives, fc.array(field, { minLength: 1, maxLength: 2 }))
          .map(([head, condition, inner]) => `${head} ${condition} { ${inner.join(' ')} }`),
        ...(from < FRAGMENTS.length
          ? [fc.tuple(fc.constantFrom(...FRAGMENTS.slice(from)), directives).map(([name, on]) => `...${name} ${on}`)]
          : []),
      ),
      { minLength: 1, maxLength: 4 },
    )
    .map((parts) => parts.join(' '));

const document = fc
  .tuple(selections(0), ...FRAGMENTS.map((_, index) => selections(index + 1)))
  .map(([root, ...bodies]) => {
    const fragments = FRAGMENTS.map((name, index) => `fragment ${name} on Query { ${bodies[index]} }`);
    // Every fragment and every variable is used at least here, as validation wants it.
    const used = `${FRAGMENTS.map((name) => `...${name} @skip(if: true)`).join(' ')} ${USE_ALL}`;
    return `query Q(${DECLARATIONS}) { ${root} ${used} } ${fragments.join(' ')}`;
  });

const USE_ALL =
  'u1: videoTasks(ids: [$id, $nullable]) @skip(if: true) { id } u2: videoTasks(ids: $list) @include(if: false) { id } ' +
  'u3: videoTasks(ids: $single) @skip(if: true) { id } u4: videoTasks(ids: $free) @skip(if: true) { id } ' +
  'u5: __typename @include(if: $yes) u6: __typename @include(if: $no)';

const ids = fc.array(
  fc.integer({ min: 0, max: 30 }).map((n) => `t${n}`),
  { maxLength: MAX_IDS + 2 },
);
const variables = fc.record(
  {
    id: fc.constant('v1'),
    nullable: fc.constantFrom('v2', null),
    list: ids,
    single: fc.oneof(ids, fc.constant('v3')),
    free: fc.oneof(ids, fc.constantFrom('v4', null)),
    yes: fc.boolean(),
    no: fc.constantFrom(true, false, null),
  },
  { requiredKeys: [] },
);

function aliasOf(call: string): string {
  return `f${call.replace(/\W+/g, '_')}`;
}

/** Runs an operation with a guard of `maxIds` at run time: the ids that reach the feed, and the result. */
async function run(text: string, values: Record<string, unknown>, maxIds: number) {
  const feed = new MemoryFeed();
  const loader = createTaskLoader((id) => feed.get(id), maxIds);
  const contextValue = { ...createContext({ feed, maxIds: MAX_IDS }), loader };
  const result = await execute({ schema, document: parse(text), variableValues: values, contextValue });
  return { asked: new Set(feed.asked), result };
}

/** How many ids a result answers: one for each `videoTask`, and one for each item of a `videoTasks`. */
function answered(data: Readonly<Record<string, unknown>>): number {
  return Object.entries(data)
    .filter(([key]) => key.startsWith('fvideoTask'))
    .reduce(
      (sum, [key, value]) => sum + (key.startsWith('fvideoTasks') ? ((value as unknown[] | null)?.length ?? 0) : 1),
      0,
    );
}

function check(text: string, values: Record<string, unknown>) {
  const [named] = normalizeOperations(parse(text));
  if (!named) throw new Error('No operation');
  const { document: prepared, definition } = parseOperation(named.operation);
  return checkVariables({ schema, document: prepared, definition, limits: LIMITS, hideSuggestions: false }, values);
}

describe('MAX_IDS', () => {
  it('bounds the ids that reach the feed, for any operation, and rejects only operations that exceed it', async () => {
    let rejected = 0;
    let executed = 0;
    await fc.assert(
      fc.asyncProperty(document, variables, async (text, values) => {
        fc.pre(validate(schema, parse(text)).length === 0);
        const errors = check(text, values);
        const limited = await run(text, values, MAX_IDS);
        expect(limited.asked.size).toBeLessThanOrEqual(MAX_IDS);
        if (errors.length === 0) {
          executed += 1;
          // The guard at run time has had no work: the check before has counted exactly.
          expect(JSON.stringify(limited.result.errors ?? [])).not.toContain('ids in all');
        } else if (errors[0]?.extensions['code'] === 'OPERATION_TOO_COMPLEX') {
          rejected += 1;
          const { result } = await run(text, values, UNLIMITED);
          // Without data a directive has failed the operation as a whole.
          if (result.data) expect(answered(result.data)).toBeGreaterThan(MAX_IDS);
        }
      }),
      { numRuns: 1_000 },
    );
    expect(rejected).toBeGreaterThan(50);
    expect(executed).toBeGreaterThan(50);
  }, 60_000);

  const big = Array.from({ length: MAX_IDS + 1 }, (_, n) => `b${n}`);
  const many = Array.from({ length: MAX_IDS }, (_, n) => `m${n}`);

  test.each([
    ['a skipped field with too many ids', 'decoy: videoTasks(ids: $big) @skip(if: true) { id }'],
    ['a field with too many ids, which fails by itself', 'decoy: videoTasks(ids: $big) { id }'],
    ['a field that is not included', 'decoy: videoTasks(ids: $big) @include(if: false) { id }'],
    ['an inline fragment that is skipped', '... @skip(if: true) { decoy: videoTasks(ids: $big) { id } }'],
  ])('is not switched off by %s', (_what, decoy) => {
    const text = `query ($big: [ID!]!, $many: [ID!]!) { ${decoy} a: videoTasks(ids: $many) { id } b: videoTasks(ids: $many) { id } }`;
    expect(check(text, { big, many }).map(({ extensions }) => extensions['code'])).toEqual(['OPERATION_TOO_COMPLEX']);
  });

  test('does not count the ids of skipped fields', () => {
    const text =
      'query ($many: [ID!]!) { a: videoTasks(ids: $many) { id } b: videoTasks(ids: $many) @skip(if: true) { id } }';
    expect(check(text, { many })).toEqual([]);
  });

  test('counts a single value in the place of a list as one id', () => {
    const fields = Array.from({ length: MAX_IDS + 1 }, (_, n) => `a${n}: videoTasks(ids: "t${n}") { id }`);
    expect(check(`{ ${fields.slice(1).join(' ')} }`, {})).toEqual([]);
    expect(check(`{ ${fields.join(' ')} }`, {})).toHaveLength(1);
  });
});
