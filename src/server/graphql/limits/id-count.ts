import {
  type DocumentNode,
  type FieldNode,
  type GraphQLField,
  GraphQLIncludeDirective,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getArgumentValues,
  getDirectiveValues,
  getVariableValues,
  type OperationDefinitionNode,
} from 'graphql';
import { isJsonObject } from '../../../json-object.ts';
import { TASK_ID } from '../../../text-patterns.ts';
import { collectFields, fragmentsOf, type Selection } from './selections.ts';

type VariableValues = NonNullable<ReturnType<typeof getVariableValues>['variableValues']>;

/** A valid operation with its coerced variables. */
export interface CountedOperation {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly definition: OperationDefinitionNode;
  readonly variableValues: VariableValues;
  /** A field with more ids fails by itself and reads no task: its ids do not count. */
  readonly maxPerField: number;
}

/** Arguments that name tasks, in the fields of the root types. */
const ID_ARGUMENTS: readonly string[] = ['id', 'ids', 'representations'];

/**
 * Counts the ids that all root fields of an operation ask for together, repetitions included. Fields are collected and
 * arguments are coerced as the executor does it: `@skip`, `@include`, fragments, defaults of variables and a single
 * value in a list's place have the same effect on the count as on the execution.
 */
export function countIds({ maxPerField, ...operation }: CountedOperation): number {
  let total = 0;
  for (const ids of idsByField(operation)) if (ids.length <= maxPerField) total += ids.length;
  return total;
}

/** The tasks that a valid operation names, each once: well-formed ids alone, because a caller may send any text. */
export function namedIds(
  schema: GraphQLSchema,
  { document, definition }: Pick<CountedOperation, 'document' | 'definition'>,
  variables: Readonly<Record<string, unknown>>,
): readonly string[] {
  const { variableValues } = getVariableValues(schema, definition.variableDefinitions ?? [], variables);
  if (!variableValues) return [];
  const ids = idsByField({ schema, document, definition, variableValues }).flat().map(namedId);
  return [...new Set(ids.filter((id): id is string => typeof id === 'string' && TASK_ID.test(id)))];
}

/** The id in a representation of `_entities`, or the id itself. A literal may be an integer. */
function namedId(value: unknown): unknown {
  const id = isJsonObject(value) ? value['id'] : value;
  return Number.isSafeInteger(id) ? String(id) : id;
}

/** The ids in the arguments of each root field that the executor would run. */
function idsByField(operation: Omit<CountedOperation, 'maxPerField'>): readonly (readonly unknown[])[] {
  const { schema, document, definition, variableValues } = operation;
  const includes = (selection: Selection): boolean => isIncluded(selection, variableValues);
  const fields = collectFields([definition.selectionSet], fragmentsOf(document), includes);
  const types = schema.getRootType(definition.operation)?.getFields() ?? {};
  return [...fields.values()].map(([node]) => {
    const type = node && types[node.name.value];
    return node && type ? idsOf(type, node, variableValues) : [];
  });
}

/** The ids that one field asks for. A field with invalid arguments asks for none: it fails before it reads a task. */
function idsOf(
  type: GraphQLField<unknown, unknown>,
  node: FieldNode,
  variableValues: VariableValues,
): readonly unknown[] {
  try {
    const args = getArgumentValues(type, node, variableValues);
    return ID_ARGUMENTS.map((name) => args[name])
      .filter((value) => value !== undefined)
      .flatMap((value): readonly unknown[] => (Array.isArray(value) ? value : [value]));
  } catch {
    return [];
  }
}

/** A directive with an invalid argument includes the selection: the operation fails when it executes. */
function isIncluded(selection: Selection, variableValues: VariableValues): boolean {
  try {
    if (getDirectiveValues(GraphQLSkipDirective, selection, variableValues)?.['if'] === true) return false;
    return getDirectiveValues(GraphQLIncludeDirective, selection, variableValues)?.['if'] !== false;
  } catch {
    return true;
  }
}
