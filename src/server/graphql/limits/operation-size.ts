import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

/** The size of an operation or a part of one, with its fragments spread. Counts may be huge, or infinite. */
export interface OperationSize {
  /** Levels of fields. `ofType` counts none: it only unwraps a type in an introspection, one object for one. */
  readonly depth: number;
  readonly aliases: number;
  readonly directives: number;
  /** Fields of the outermost level. */
  readonly rootFields: number;
  /** Fields of all levels. */
  readonly fields: number;
}

const EMPTY: OperationSize = { depth: 0, aliases: 0, directives: 0, rootFields: 0, fields: 0 };

/**
 * The size of every operation of a document that need not be valid. Each fragment is measured once, however often it
 * is spread, so a document of n tokens takes O(n), also if its fragments multiply. GraphQL Armor is not used: it depends
 * on graphql 16, and two copies of graphql do not accept each other's objects.
 */
export function measureOperations(document: DocumentNode): readonly OperationSize[] {
  const visitor = new SizeVisitor(document);
  return document.definitions
    .filter((definition): definition is OperationDefinitionNode => definition.kind === Kind.OPERATION_DEFINITION)
    .map((operation) => {
      const size = visitor.selections(operation.selectionSet);
      const own = (operation.directives ?? []).length;
      const ofVariables = (operation.variableDefinitions ?? []).flatMap(({ directives = [] }) => directives).length;
      return { ...size, directives: size.directives + own + ofVariables };
    });
}

class SizeVisitor {
  readonly #fragments = new Map<string, FragmentDefinitionNode>();
  readonly #known = new Map<string, OperationSize>();

  constructor(document: DocumentNode) {
    for (const definition of document.definitions)
      if (definition.kind === Kind.FRAGMENT_DEFINITION) this.#fragments.set(definition.name.value, definition);
  }

  selections({ selections }: SelectionSetNode): OperationSize {
    return selections.reduce((sum, selection) => add(sum, this.#selection(selection)), EMPTY);
  }

  #selection(selection: SelectionNode): OperationSize {
    const directives = (selection.directives ?? []).length;
    if (selection.kind !== Kind.FIELD) {
      const inner =
        selection.kind === Kind.FRAGMENT_SPREAD
          ? this.#fragment(selection.name.value)
          : this.selections(selection.selectionSet);
      return { ...inner, directives: inner.directives + directives };
    }
    const inner = selection.selectionSet ? this.selections(selection.selectionSet) : EMPTY;
    return {
      depth: inner.depth + (selection.name.value === 'ofType' ? 0 : 1),
      aliases: inner.aliases + (selection.alias ? 1 : 0),
      directives: inner.directives + directives,
      rootFields: 1,
      fields: inner.fields + 1,
    };
  }

  /** A fragment that is unknown, or spreads itself, has no size: validation rejects it. */
  #fragment(name: string): OperationSize {
    const known = this.#known.get(name);
    if (known) return known;
    this.#known.set(name, EMPTY);
    const fragment = this.#fragments.get(name);
    if (!fragment) return EMPTY;
    const inner = this.selections(fragment.selectionSet);
    const size = { ...inner, directives: inner.directives + (fragment.directives ?? []).length };
    this.#known.set(name, size);
    return size;
  }
}

function add(a: OperationSize, b: OperationSize): OperationSize {
  return {
    depth: Math.max(a.depth, b.depth),
    aliases: a.aliases + b.aliases,
    directives: a.directives + b.directives,
    rootFields: a.rootFields + b.rootFields,
    fields: a.fields + b.fields,
  };
}
