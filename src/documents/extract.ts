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
 * Templates tagged `gql` or `graphql` (with type arguments or without), passed to a function of one of these names, or
 * marked with a GraphQL comment, as editors recognise them. A regular expression reads them and not
 * `@graphql-tools/graphql-tag-pluck`, which parses with Babel: it would add 45 packages and 18 MB to an installation of
 * 76 MB, for a command that runs once per release of an app. So a template inside a comment is listed too.
 */
const TAGGED = /(?:\b(?:gql|graphql)(?:\s*<[^`]*>)?|\/\*\s*GraphQL\s*\*\/)\s*\(?\s*`((?:[^`\\]|\\.)*)`/g;
/** The substitutions of a template. They are fragments, which are found by their names. */
const SUBSTITUTION = /\$\{[^}]*\}/g;

/**
 * The operations of an app in the format of `TRUSTED_DOCUMENTS`: SHA-256 (hex) to text. Each operation is listed twice:
 * as written, and with `__typename` in every selection set but the outermost, as Apollo Client and urql send it. A
 * fragment may stand in any of the files. Throws if a text does not parse or a fragment is missing.
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
  const parts = whole ? [text] : Array.from(text.matchAll(TAGGED), ([, body = '']) => body.replace(SUBSTITUTION, ''));
  return parts.flatMap((part) => {
    try {
      return parse(part, { noLocation: true }).definitions;
    } catch (error) {
      throw new Error(`${path}: ${error instanceof Error ? error.message : error}`, { cause: error });
    }
  });
}

/** The operation and the fragments that it spreads, in order of their first spread. */
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
        const has = node.selections.some(
          (selection) => selection.kind === Kind.FIELD && selection.name.value === '__typename',
        );
        if (outermost || has) return undefined;
        const typename = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } } as const;
        return { ...node, selections: [...node.selections, typename] };
      },
    },
  });
}
