import {
  buildSchema,
  type GraphQLNamedType,
  isEnumType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
  validateSchema,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { schema } from '../../src/schema/schema.ts';

/** The schema as the project's documentation promises it to callers. */
const PROMISED = buildSchema(`
  type Query { videoTask(id: ID!): VideoTask  videoTasks(ids: [ID!]!): [VideoTask]! }
  type Subscription { taskStatus(id: ID!): VideoTask!  taskStatuses(ids: [ID!]!): VideoTask }
  enum VideoTaskStatus { INIT START PENDING PROCESS COPY SUCCESS FAIL UNKNOWN }
  type VideoTask {
    id: ID!  status: VideoTaskStatus!  rawStatus: String!  progress: Int  message: String
    resultUrl: URL  resultPeopleUrl: URL  resultBackgroundUrl: URL
    anchorId: ID  anchorType: String  backgroundWidth: Int  backgroundHeight: Int  color: String
    replaceBackgroundId: ID  customBackgroundId: ID
    createdAt: DateTime  elapsedSeconds: Int  reportedAt: DateTime
    finished: Boolean!  statusDescription: String!
    checkedAt: DateTime!  nextCheckAt: DateTime  stale: Boolean!  stages: [VideoTaskStage!]!
  }
  type VideoTaskStage { status: VideoTaskStatus!  enteredAt: DateTime!  leftAt: DateTime }
  scalar DateTime
  scalar URL
`);

/** Each field of A2E's answer, beside the field that carries it. */
const A2E_NAMES = {
  id: '_id',
  status: 'status',
  rawStatus: 'status',
  progress: 'process',
  message: 'msg',
  resultUrl: 'result',
  resultPeopleUrl: 'result_people_url',
  resultBackgroundUrl: 'result_bg_url',
  anchorId: 'anchor_id',
  anchorType: 'anchor_type',
  backgroundWidth: 'web_bg_width',
  backgroundHeight: 'web_bg_height',
  color: 'color',
  replaceBackgroundId: 'replace_bg_id',
  customBackgroundId: 'custom_backs_id',
  createdAt: 'createdAt',
  elapsedSeconds: 'diff_s',
  reportedAt: 'current_date',
};

const own = (type: GraphQLNamedType) => !isIntrospectionType(type) && !isSpecifiedScalarType(type);

/** Everything in a schema that a reader can point at, with what describes it. */
function* describables(of: typeof schema): Generator<[name: string, description: string | null | undefined]> {
  for (const type of Object.values(of.getTypeMap()).filter(own)) {
    yield [type.name, type.description];
    for (const value of isEnumType(type) ? type.getValues() : []) {
      yield [`${type.name}.${value.name}`, value.description];
    }
    for (const field of isObjectType(type) ? Object.values(type.getFields()) : []) {
      yield [`${type.name}.${field.name}: ${field.type}`, field.description];
      for (const argument of field.args) {
        yield [`${type.name}.${field.name}(${argument.name}: ${argument.type})`, argument.description];
      }
    }
  }
}

const described = [...describables(schema)];

describe('the schema', () => {
  it('is valid, and is what was promised, to the last nullability', () => {
    expect(validateSchema(schema)).toEqual([]);
    const names = (of: typeof schema) => [...describables(of)].map(([name]) => name).toSorted();
    expect(names(schema)).toEqual(names(PROMISED));
  });

  it.each(described)('describes %s', (_name, description) => {
    expect(description?.trim()).toMatch(/^[A-Z].{15,}\.$/s);
  });

  it('gives the A2E name of every field that comes from there', () => {
    for (const [field, name] of Object.entries(A2E_NAMES)) {
      const [, description] = described.find(([at]) => at.startsWith(`VideoTask.${field}:`)) ?? [];
      expect(description).toContain(`A2E \`${name}\``);
    }
  });
});
