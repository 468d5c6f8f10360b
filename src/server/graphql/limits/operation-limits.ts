import {
  type DocumentNode,
  type GraphQLError,
  type GraphQLSchema,
  getVariableValues,
  Lexer,
  type OperationDefinitionNode,
  Source,
  TokenKind,
} from 'graphql';
import { OperationTooComplex } from '../../../errors.ts';
import { toGraphQLError } from '../../../schema/graphql-errors.ts';
import { countIds } from './id-count.ts';
import { measureOperations } from './operation-size.ts';
import { hasRepeatedFields } from './repeated-fields.ts';

/** The limits of one operation, with its fragments spread. */
export interface OperationLimits {
  /** `MAX_TOKENS`, of one document; an operation with its fragments spread may have as many fields. */
  readonly tokens: number;
  /** `MAX_DEPTH` */
  readonly depth: number;
  /** `MAX_ALIASES` */
  readonly aliases: number;
  /** `MAX_ROOT_FIELDS` */
  readonly rootFields: number;
  /** `MAX_DIRECTIVES` */
  readonly directives: number;
  /** `MAX_IDS`, of one field and of all fields together. */
  readonly ids: number;
}

/** How often one selection set may name the same field: validation compares each of them with each other one. */
const MAX_REPEATED_FIELDS = 32;
/** Errors about variables that one answer may have. */
const MAX_VARIABLE_ERRORS = 10;

const COUNTED = [
  ['depth', 'levels'],
  ['aliases', 'aliases'],
  ['rootFields', 'root fields'],
  ['directives', 'directives'],
] as const;

/**
 * Checks a document that parses, before validation: validation is quadratic in places. Returns the error of the first
 * limit that an operation exceeds; null: none.
 */
export function checkSize(document: DocumentNode, limits: OperationLimits): GraphQLError | null {
  for (const size of measureOperations(document)) {
    for (const [limit, words] of COUNTED)
      if (size[limit] > limits[limit]) return tooComplex(`An operation may have at most ${limits[limit]} ${words}`);
    if (size.fields > limits.tokens) return tooComplex(`An operation may have at most ${limits.tokens} fields`);
  }
  return hasRepeatedFields(document, { maxRepeated: MAX_REPEATED_FIELDS, maxFields: limits.tokens })
    ? tooComplex(`A selection set may name a field at most ${MAX_REPEATED_FIELDS} times`)
    : null;
}

/** The operation and the schema that variables are checked against. */
export interface VariableCheck {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly definition: OperationDefinitionNode;
  readonly limits: OperationLimits;
  /** Whether errors keep the names of the schema to themselves. */
  readonly hideSuggestions: boolean;
}

/**
 * Checks the variables of a valid operation: they fit their types, and with them all fields that execute ask for at
 * most `MAX_IDS` ids together. A single field with more ids fails by itself and reads no task, so its ids do not
 * count. Returns the errors; an empty list: none.
 */
export function checkVariables(
  { schema, document, definition, limits, hideSuggestions }: VariableCheck,
  variables: Readonly<Record<string, unknown>>,
): readonly GraphQLError[] {
  const { errors, variableValues } = getVariableValues(schema, definition.variableDefinitions ?? [], variables, {
    maxErrors: MAX_VARIABLE_ERRORS,
    hideSuggestions,
  });
  if (errors) return errors.map(toGraphQLError);
  const ids = countIds({ schema, document, definition, variableValues, maxPerField: limits.ids });
  return ids > limits.ids ? [tooComplex(`An operation may name at most ${limits.ids} ids in all`)] : [];
}

/** The error for a text that does not parse because it is too long; null: there is another reason. */
export function checkTokens(text: string, { tokens }: OperationLimits): GraphQLError | null {
  const lexer = new Lexer(new Source(text));
  try {
    for (let count = 0; count <= tokens; count += 1) if (lexer.advance().kind === TokenKind.EOF) return null;
  } catch {
    return null;
  }
  return tooComplex(`A document may have at most ${tokens} tokens`);
}

/** The error for a document whose nesting is deeper than the stack; null: `error` has another reason. */
export function checkNesting(error: unknown): GraphQLError | null {
  return error instanceof RangeError ? tooComplex('The document is nested too deeply') : null;
}

function tooComplex(message: string): GraphQLError {
  return toGraphQLError(new OperationTooComplex(message));
}
