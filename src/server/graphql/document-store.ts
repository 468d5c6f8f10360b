import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  NoSchemaIntrospectionCustomRule,
  OperationTypeNode,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { DocumentNotTrusted, withoutStackTrace } from '../../errors.ts';
import { toGraphQLError, withCode } from '../../schema/graphql-errors.ts';
import { DocumentBudget } from './document-budget.ts';
import { checkNesting, checkSize, checkTokens, type OperationLimits } from './limits/operation-limits.ts';
import type { DocumentReference } from './operation-params.ts';
import {
  type NamedOperation,
  type NormalizedOperation,
  normalizeOperations,
  type PreparedOperation,
  parseOperation,
} from './prepared-operation.ts';
import { readTrustedDocuments, type TrustedDocuments } from './trusted-documents.ts';

/** A document that was parsed and validated: its operations, or the syntax or validation errors that reject it. */
export type StoredDocument =
  | { readonly kind: 'valid'; readonly operations: readonly NamedOperation<PreparedOperation>[] }
  | InvalidDocument;

/** A document that is rejected. */
interface InvalidDocument {
  readonly kind: 'invalid';
  readonly errors: readonly GraphQLError[];
  /** Whether an operation of it is a mutation: the schema has none, and HTTP has a status for a mutation by GET. */
  readonly hasMutation?: boolean;
}

/** The document of one text as the cache keeps it: its operations are in a cache of their own. */
type CachedText = { readonly kind: 'valid'; readonly operations: readonly NamedOperation<string>[] } | InvalidDocument;

export interface DocumentStoreOptions {
  readonly schema: GraphQLSchema;
  readonly limits: OperationLimits;
  /** `INTROSPECTION`; without it, errors do not suggest names of the schema. */
  readonly introspection?: boolean;
  /** `TRUSTED_DOCUMENTS`; null: any document is executed. */
  readonly trustedPath?: string | null;
}

const MAX_CACHED_TEXT_BYTES = 8 * 1024 * 1024;
const MAX_CACHED_OPERATION_BYTES = 16 * 1024 * 1024;
/** Objects around a cached text, and around the message of each of its errors: an estimate. */
const OVERHEAD_BYTES = 512;
const BYTES_PER_ERROR = 1024;
/** Validation stops here: a document of a thousand mistakes gets no thousand errors. */
const MAX_ERRORS = 10;

/** Decides which documents are executed; parses and validates each once, for every transport. */
export class DocumentStore {
  /** Whether errors keep the names of the schema to themselves. */
  readonly hideSuggestions: boolean;
  /** The memory of the operations that execute. */
  readonly budget = new DocumentBudget();
  readonly #schema: GraphQLSchema;
  readonly #limits: OperationLimits;
  readonly #trusted: TrustedDocuments | null;
  readonly #texts: LRUCache<string, CachedText>;
  readonly #operations: LRUCache<string, PreparedOperation>;

  /** Throws a `ConfigError` when the trusted documents cannot be read, or one of them could not be executed. */
  constructor({ schema, limits, introspection = true, trustedPath = null }: DocumentStoreOptions) {
    this.#schema = schema;
    this.#limits = limits;
    this.hideSuggestions = !introspection;
    this.#texts = new LRUCache({ maxSize: MAX_CACHED_TEXT_BYTES, sizeCalculation: sizeOfText });
    this.#operations = new LRUCache({
      maxSize: MAX_CACHED_OPERATION_BYTES,
      sizeCalculation: ({ bytes }) => OVERHEAD_BYTES + bytes,
    });
    const check = (text: string): string | null => {
      const stored = this.#prepareText(text);
      return stored.kind === 'invalid' ? (stored.errors[0]?.message ?? null) : null;
    };
    this.#trusted = trustedPath === null ? null : readTrustedDocuments(trustedPath, limits.tokens, check);
  }

  /**
   * The document of a request, if it was prepared before, or the error for a hash that is not listed. null: it takes
   * {@link prepare}, and time.
   */
  find(reference: DocumentReference): StoredDocument | null {
    const text = this.#listedText(reference);
    if (text === null) return reference.query === null ? this.#rejectHash() : null;
    return this.#cached(text);
  }

  /** Parses, validates and measures the document of a request, unless that was done before. Never throws. */
  prepare(reference: DocumentReference): StoredDocument {
    const { query } = reference;
    const listed = this.#listedText(reference) ?? (query === null ? null : (this.#trusted?.byText(query) ?? null));
    if (listed !== null) return this.#cached(listed) ?? this.#prepareText(listed);
    return query === null ? this.#rejectHash() : NOT_TRUSTED;
  }

  /** The text to look up in the cache; null: it takes a parse to know whether the text is a listed one. */
  #listedText({ query, hash }: DocumentReference): string | null {
    if (query === null) return this.#trusted?.byHash(hash ?? '') ?? null;
    return this.#trusted === null || this.#trusted.has(query) ? query : null;
  }

  #rejectHash(): StoredDocument {
    return this.#trusted ? NOT_TRUSTED : PERSISTED_QUERY_NOT_SUPPORTED;
  }

  #cached(text: string): StoredDocument | null {
    const cached = this.#texts.get(text);
    if (cached?.kind !== 'valid') return cached ?? null;
    const operations = cached.operations.map(({ name, operation: id }) => ({ name, operation: this.#find(id) }));
    return isComplete(operations) ? { kind: 'valid', operations } : null;
  }

  #find(id: string): PreparedOperation | undefined {
    return this.budget.get(id) ?? this.#operations.get(id);
  }

  #prepareText(text: string): StoredDocument {
    const checked = this.#check(text);
    if (checked.kind === 'invalid') {
      this.#texts.set(text, checked);
      return checked;
    }
    const named = normalizeOperations(checked.document);
    this.#texts.set(text, {
      kind: 'valid',
      operations: named.map(({ name, operation }) => ({ name, operation: operation.id })),
    });
    const operations = named.map(({ name, operation }) => ({ name, operation: this.#parse(operation) }));
    return { kind: 'valid', operations };
  }

  #parse(normalized: NormalizedOperation): PreparedOperation {
    const known = this.#find(normalized.id);
    if (known) return known;
    const parsed = parseOperation(normalized);
    this.#operations.set(parsed.id, parsed);
    return parsed;
  }

  /** Parses with locations, so that errors point at the text; the tree of a valid text is dropped afterwards. */
  #check(text: string): InvalidDocument | { readonly kind: 'checked'; readonly document: DocumentNode } {
    const { hideSuggestions } = this;
    const rules = hideSuggestions ? [...specifiedRules, NoSchemaIntrospectionCustomRule] : specifiedRules;
    try {
      const document = parse(text, { maxTokens: this.#limits.tokens });
      const limitError = checkSize(document, this.#limits);
      if (limitError) return { kind: 'invalid', errors: [limitError] };
      const errors = validate(this.#schema, document, rules, { hideSuggestions, maxErrors: MAX_ERRORS });
      if (errors.length === 0) return { kind: 'checked', document };
      return {
        kind: 'invalid',
        errors: errors.map((error) => withoutNodes(error, 'GRAPHQL_VALIDATION_FAILED')),
        hasMutation: document.definitions.some(isMutation),
      };
    } catch (error) {
      // Every walk over a document is recursive. With the default of MAX_TOKENS the stack is deep enough.
      const nestingError = checkNesting(error);
      if (nestingError) return { kind: 'invalid', errors: [nestingError] };
      if (!(error instanceof GraphQLError)) throw error;
      const tokenError = checkTokens(text, this.#limits);
      return { kind: 'invalid', errors: [tokenError ?? withCode(error, 'GRAPHQL_PARSE_FAILED')] };
    }
  }
}

const NOT_TRUSTED: StoredDocument = {
  kind: 'invalid',
  errors: [toGraphQLError(new DocumentNotTrusted('Only listed documents are executed here'))],
};

/** Apollo's clients expect this of a server without persisted queries: they send the text, and no hash again. */
const PERSISTED_QUERY_NOT_SUPPORTED: StoredDocument = {
  kind: 'invalid',
  errors: [new GraphQLError('PersistedQueryNotSupported', { extensions: { code: 'PERSISTED_QUERY_NOT_SUPPORTED' } })],
};

function sizeOfText(cached: CachedText, text: string): number {
  const parts =
    cached.kind === 'valid'
      ? cached.operations.length * OVERHEAD_BYTES
      : cached.errors.reduce((bytes, { message }) => bytes + BYTES_PER_ERROR + 2 * message.length, 2 * text.length);
  return OVERHEAD_BYTES + 2 * text.length + parts;
}

function isMutation(node: DocumentNode['definitions'][number]): boolean {
  return node.kind === Kind.OPERATION_DEFINITION && node.operation === OperationTypeNode.MUTATION;
}

function isComplete(
  operations: readonly NamedOperation<PreparedOperation | undefined>[],
): operations is readonly NamedOperation<PreparedOperation>[] {
  return operations.every(({ operation }) => operation !== undefined);
}

/**
 * The same error, with its locations but without the syntax tree, which would stay in memory with the cached error. A stack
 * trace would hold it too: V8 keeps the objects whose methods are on the stack.
 */
function withoutNodes({ message, source, positions, extensions }: GraphQLError, code: string): GraphQLError {
  return withoutStackTrace(() => new GraphQLError(message, { source, positions, extensions: { code, ...extensions } }));
}
