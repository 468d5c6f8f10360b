import { type DocumentNode, type GraphQLError, Lexer, Source, TokenKind } from 'graphql';
import { OperationTooComplex } from '../../../errors.ts';
import { toGraphQLError } from '../../../schema/graphql-errors.ts';
import { countIds } from './id-count.ts';
import { measureOperations } from './operation-size.ts';

/** What one operation may have, with its fragments spread. */
export interface OperationLimits {
  /** `MAX_TOKENS`, of one document. */
  readonly tokens: number;
  /** `MAX_DEPTH` */
  readonly depth: number;
  /** `MAX_ALIASES` */
  readonly aliases: number;
  /** `MAX_ROOT_FIELDS` */
  readonly rootFields: number;
  /** `MAX_DIRECTIVES` */
  readonly directives: number;
  /** `MAX_IDS`, of one field. */
  readonly ids: number;
}

const COUNTED = [
  ['depth', 'levels'],
  ['aliases', 'aliases'],
  ['rootFields', 'root fields'],
  ['directives', 'directives'],
] as const;

/** Whether a document is within the limits, whatever is asked with it: answers null, or the first limit it is past. */
export function checkSize(document: DocumentNode, limits: OperationLimits): GraphQLError | null {
  for (const size of measureOperations(document)) {
    for (const [what, words] of COUNTED)
      if (size[what] > limits[what]) return tooComplex(`An operation may have at most ${limits[what]} ${words}`);
  }
  return null;
}

/**
 * Whether an operation asks for few enough tasks: in all its fields together no more than one field may name, or than
 * it may have root fields. Answers null when a single field names too many: that is the caller's mistake, and the
 * field's own to tell.
 */
export function checkIds(
  document: DocumentNode,
  operationName: string | null,
  variables: Readonly<Record<string, unknown>>,
  { ids, rootFields }: OperationLimits,
): GraphQLError | null {
  const { total, largest } = countIds(document, operationName, variables);
  const most = Math.max(ids, rootFields);
  return total > most && largest <= ids ? tooComplex(`An operation may name at most ${most} ids in all`) : null;
}

/** The error for a text that could not be parsed, when that is because it is too long; else null. */
export function checkTokens(text: string, { tokens }: OperationLimits): GraphQLError | null {
  const lexer = new Lexer(new Source(text));
  try {
    for (let count = 0; count <= tokens; count += 1) if (lexer.advance().kind === TokenKind.EOF) return null;
  } catch {
    return null;
  }
  return tooComplex(`A document may have at most ${tokens} tokens`);
}

function tooComplex(message: string): GraphQLError {
  return toGraphQLError(new OperationTooComplex(message));
}
