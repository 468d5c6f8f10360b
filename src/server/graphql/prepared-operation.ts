import { createHash } from 'node:crypto';
import {
  type DefinitionNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  visit,
} from 'graphql';

/** One operation of a valid document, with the fragments that it uses. */
export interface PreparedOperation {
  /**
   * Equal for operations that differ only in white space, comments, descriptions or the name of the operation: part of
   * the identity of a result. The SHA-256 of the printed operation.
   */
  readonly id: string;
  readonly kind: 'query' | 'subscription';
  /** The operation, without its name, and its fragments. Parsed without locations, which would triple its memory. */
  readonly document: DocumentNode;
  readonly definition: OperationDefinitionNode;
  /** The memory of the tree, in bytes: an estimate. */
  readonly bytes: number;
}

/** Memory of a parsed token without locations: 105 to 146 bytes with graphql 17.1 on Node 26. */
const BYTES_PER_TOKEN = 150;

/** An operation by the name it has in a document; null: it has none. */
export interface NamedOperation<T> {
  readonly name: string | null;
  readonly operation: T;
}

/** The text that identifies an operation: printed without its name, with the fragments that it reaches. */
export interface NormalizedOperation {
  readonly id: string;
  readonly text: string;
}

/** Every operation of a valid document, normalised. */
export function normalizeOperations({ definitions }: DocumentNode): readonly NamedOperation<NormalizedOperation>[] {
  const fragments = new Map(definitions.filter(isFragment).map((node) => [node.name.value, node]));
  return definitions.filter(isOperation).map((definition) => {
    const own = { ...definition, name: undefined, description: undefined };
    const text = print({ kind: Kind.DOCUMENT, definitions: [own, ...reachableFragments(definition, fragments)] });
    const id = createHash('sha256').update(text).digest('base64url');
    return { name: definition.name?.value ?? null, operation: { id, text } };
  });
}

/** Parses a normalised operation. */
export function parseOperation({ id, text }: NormalizedOperation): PreparedOperation {
  const document = parse(text, { noLocation: true });
  const definition = document.definitions.find(isOperation) as OperationDefinitionNode;
  const kind = definition.operation === 'subscription' ? 'subscription' : 'query';
  return { id, kind, document, definition, bytes: (document.tokenCount ?? 0) * BYTES_PER_TOKEN };
}

/** The fragments that an operation spreads, directly or through each other, by name. */
function reachableFragments(
  operation: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): readonly FragmentDefinitionNode[] {
  const found = new Map<string, FragmentDefinitionNode>();
  const search = (node: DefinitionNode): void => {
    visit(node, {
      FragmentSpread({ name: { value } }) {
        const fragment = fragments.get(value);
        if (!fragment || found.has(value)) return;
        found.set(value, { ...fragment, description: undefined });
        search(fragment);
      },
    });
  };
  search(operation);
  return [...found.values()].toSorted((a, b) => (a.name.value < b.name.value ? -1 : 1));
}

function isOperation(node: DefinitionNode): node is OperationDefinitionNode {
  return node.kind === Kind.OPERATION_DEFINITION;
}

function isFragment(node: DefinitionNode): node is FragmentDefinitionNode {
  return node.kind === Kind.FRAGMENT_DEFINITION;
}
