import {
  type DocumentNode,
  type FieldNode,
  type GraphQLField,
  GraphQLIncludeDirective,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getArgumentValues,
  getDirectiveValues,
  type getVariableValues,
  type OperationDefinitionNode,
} from 'graphql';
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
export function countIds({ schema, document, definition, variableValues, maxPerField }: CountedOperation): number {
  const includes = (selection: Selection): boolean => isIncluded(selection, variableValues);
  const fields = collectFields([definition.selectionSet], fragmentsOf(document), includes);
  const types = schema.getRootType(definition.operation)?.getFields() ?? {};
  let total = 0;
  for (const [node] of fields.values()) {
    const type = node && types[node.name.value];
    const count = node && type ? idsOf(type, node, variableValues) : 0;
    if (count <= maxPerField) total += count;
  }
  return total;
}

/** How many ids one field asks for. A field with invalid arguments asks for none: it fails before it reads a task. */
function idsOf(type: GraphQLField<unknown, unknown>, node: FieldNode, variableValues: VariableValues): number {
  try {
    const args = getArgumentValues(type, node, variableValues);
    return ID_ARGUMENTS.map((name) => args[name])
      .filter((value) => value !== undefined)
      .reduce<number>((sum, value) => sum + (Array.isArray(value) ? value.length : 1), 0);
  } catch {
    return 0;
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
