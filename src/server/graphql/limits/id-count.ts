import { type DocumentNode, getOperationAST, Kind, type SelectionSetNode, type ValueNode } from 'graphql';

/** How many ids an operation asks for. */
export interface IdCount {
  /** Of all its fields together. */
  readonly total: number;
  /** Of the field with the most. */
  readonly largest: number;
}

/** Arguments that name tasks, in every field of the schema's root types. */
const ID_ARGUMENTS: ReadonlySet<string> = new Set(['id', 'ids']);

/** Counts the ids that a valid operation asks for, as literals or through variables that were not checked yet. */
export function countIds(
  document: DocumentNode,
  operationName: string | null,
  variables: Readonly<Record<string, unknown>>,
): IdCount {
  const operation = getOperationAST(document, operationName);
  if (!operation) return { total: 0, largest: 0 };
  const defaults = new Map((operation.variableDefinitions ?? []).map((node) => [node.variable.name.value, node]));
  const lengthOf = (value: ValueNode | undefined): number => {
    if (value?.kind === Kind.LIST) return value.values.length;
    if (value?.kind !== Kind.VARIABLE) return 1;
    const name = value.name.value;
    const given = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (given === undefined) return lengthOf(defaults.get(name)?.defaultValue);
    return Array.isArray(given) ? given.length : 1;
  };
  const counts = idArguments(document, operation.selectionSet).map(lengthOf);
  return { total: counts.reduce((sum, count) => sum + count, 0), largest: Math.max(0, ...counts) };
}

/** The arguments of the outermost fields; each fragment once, since its fields merge with themselves. */
function idArguments(document: DocumentNode, root: SelectionSetNode): ValueNode[] {
  const found: ValueNode[] = [];
  const spread = new Set<string>();
  const visit = ({ selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        for (const { name, value } of selection.arguments ?? []) if (ID_ARGUMENTS.has(name.value)) found.push(value);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        visit(selection.selectionSet);
      } else if (!spread.has(selection.name.value)) {
        spread.add(selection.name.value);
        const definition = document.definitions.find(
          (node) => node.kind === Kind.FRAGMENT_DEFINITION && node.name.value === selection.name.value,
        );
        if (definition?.kind === Kind.FRAGMENT_DEFINITION) visit(definition.selectionSet);
      }
    }
  };
  visit(root);
  return found;
}
