import { createHash } from 'node:crypto';
import {
  type DefinitionNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  parse,
  print,
  type SelectionSetNode,
  visit,
} from 'graphql';

/** One file of an app. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/**
 * Templates tagged `gql` or `graphql` (with the types of its data and variables or without), put into a call of one, or
 * marked with a GraphQL comment, as editors know them.
 */
const TAGGED = /(?:\b(?:gql|graphql)(?:\s*<[^`]*>)?|\/\*\s*GraphQL\s*\*\/)\s*\(?\s*`((?:[^`\\]|\\.)*)`/g;
/** The insertions of a template: fragments, which are found by their names. */
const INSERTED = /\$\{[^}]*\}/g;

/**
 * The operations of an app as `TRUSTED_DOCUMENTS` wants them: SHA-256 (hex) to text. Each is listed twice: as it is
 * written, and with `__typename` in every selection but the outermost, as Apollo Client and urql send it. Fragments
 * are found by their names in any of the files. Throws for a text that does not parse and for a missing fragment.
 */
export function extractDocuments(files: readonly SourceFile[]): Record<string, string> {
  const definitions = files.flatMap(definitionsIn);
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of definitions) if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  const documents = definitions
    .filter(({ kind }) => kind === Kind.OPERATION_DEFINITION)
    .map((operation): DocumentNode => ({ kind: Kind.DOCUMENT, definitions: withFragments(operation, fragments) }));
  const texts = documents.flatMap((document) => [print(document), print(withTypenames(document))]);
  return Object.fromEntries(texts.map((text) => [createHash('sha256').update(text).digest('hex'), text]));
}

function definitionsIn({ path, text }: SourceFile): readonly DefinitionNode[] {
  const whole = /\.(?:graphql|gql)$/.test(path);
  const parts = whole ? [text] : Array.from(text.matchAll(TAGGED), ([, body = '']) => body.replace(INSERTED, ''));
  return parts.flatMap((part) => {
    try {
      return parse(part, { noLocation: true }).definitions;
    } catch (error) {
      throw new Error(`${path}: ${error instanceof Error ? error.message : error}`, { cause: error });
    }
  });
}

/** The operation and all it spreads, in the order in which it does. */
function withFragments(
  operation: DefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): DefinitionNode[] {
  const found = new Set<DefinitionNode>([operation]);
  for (const definition of found) {
    visit(definition, {
      FragmentSpread({ name: { value } }) {
        const fragment = fragments.get(value);
        if (!fragment) throw new Error(`There is no fragment ${value}`);
        found.add(fragment);
      },
    });
  }
  return [...found];
}

function withTypenames(document: DocumentNode): DocumentNode {
  return visit(document, {
    SelectionSet: {
      enter: (node, _key, parent): SelectionSetNode | undefined => {
        const outermost = !!parent && 'kind' in parent && parent.kind === Kind.OPERATION_DEFINITION;
        const has = node.selections.some((one) => one.kind === Kind.FIELD && one.name.value === '__typename');
        if (outermost || has) return undefined;
        const typename = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } } as const;
        return { ...node, selections: [...node.selections, typename] };
      },
    },
  });
}
