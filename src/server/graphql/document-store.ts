import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { DocumentNotTrusted } from '../../errors.ts';
import { toGraphQLError, withCode } from '../../schema/graphql-errors.ts';
import { checkIds, checkSize, checkTokens, type OperationLimits } from './limits/operation-limits.ts';
import type { DocumentReference } from './operation-params.ts';
import { readTrustedDocuments, type TrustedDocuments } from './trusted-documents.ts';

/** A document that was parsed and validated once. */
export interface PreparedDocument {
  /** Differs for every document text: part of the identity of what is asked. */
  readonly id: number;
  /** null when it does not parse. */
  readonly document: DocumentNode | null;
  /** Syntax or validation errors; empty when it may be executed. */
  readonly errors: readonly GraphQLError[];
}

export interface DocumentStoreOptions {
  readonly schema: GraphQLSchema;
  readonly limits: OperationLimits;
  /** `INTROSPECTION`; without it nothing of the schema is told in errors either. */
  readonly introspection?: boolean;
  /** `TRUSTED_DOCUMENTS`; null: any document is executed. */
  readonly trustedPath?: string | null;
}

/** About what a token of a document takes once it is parsed, in bytes; the tree is far larger than the text. */
const BYTES_PER_TOKEN = 512;
const MAX_CACHED_BYTES = 32 * 1024 * 1024;
/** A document of a thousand mistakes is not answered with a thousand errors. */
const MAX_ERRORS = 10;

/** Decides which documents are executed; parses and validates each once, for every transport. */
export class DocumentStore {
  /** Whether errors keep to themselves what the schema has. */
  readonly hideSuggestions: boolean;
  readonly #schema: GraphQLSchema;
  readonly #limits: OperationLimits;
  readonly #trusted: TrustedDocuments | null;
  readonly #cache: LRUCache<string, PreparedDocument>;
  #lastId = 0;

  /** Throws a `ConfigError` when the trusted documents cannot be read, or one of them could not be executed. */
  constructor({ schema, limits, introspection = true, trustedPath = null }: DocumentStoreOptions) {
    this.#schema = schema;
    this.#limits = limits;
    this.hideSuggestions = !introspection;
    this.#cache = new LRUCache({
      maxSize: MAX_CACHED_BYTES,
      sizeCalculation: ({ document }, text) => 1 + text.length + (document?.tokenCount ?? 0) * BYTES_PER_TOKEN,
    });
    const check = (text: string): string | null => this.prepare(text).errors[0]?.message ?? null;
    this.#trusted = trustedPath === null ? null : readTrustedDocuments(trustedPath, limits.tokens, check);
  }

  /** The text that a request means, by hash or as it is; or the error that refuses it. */
  resolveText({ query, hash }: DocumentReference): string | GraphQLError {
    if (this.#trusted) {
      const listed = query === null ? this.#trusted.byHash(hash ?? '') : this.#trusted.byText(query);
      return listed ?? toGraphQLError(new DocumentNotTrusted('Only listed documents are executed here'));
    }
    if (query !== null) return query;
    // What Apollo's clients expect of a server without persisted queries: they send the text, and no hash again.
    return new GraphQLError('PersistedQueryNotSupported', { extensions: { code: 'PERSISTED_QUERY_NOT_SUPPORTED' } });
  }

  /** Never throws: what is wrong is in `errors`. */
  prepare(text: string): PreparedDocument {
    const known = this.#cache.get(text);
    if (known) return known;
    this.#lastId += 1;
    const prepared = { id: this.#lastId, ...this.#check(text) };
    this.#cache.set(text, prepared);
    return prepared;
  }

  /** What forbids to run an operation of a valid document with these variables; null: nothing. */
  checkVariables(
    document: DocumentNode,
    operationName: string | null,
    variables: Readonly<Record<string, unknown>>,
  ): GraphQLError | null {
    return checkIds(document, operationName, variables, this.#limits);
  }

  #check(text: string): Omit<PreparedDocument, 'id'> {
    const { hideSuggestions } = this;
    const rules = hideSuggestions ? [...specifiedRules, NoSchemaIntrospectionCustomRule] : specifiedRules;
    try {
      const document = parse(text, { maxTokens: this.#limits.tokens });
      const excess = checkSize(document, this.#limits);
      if (excess) return { document, errors: [excess] };
      const errors = validate(this.#schema, document, rules, { hideSuggestions, maxErrors: MAX_ERRORS });
      return { document, errors: errors.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED')) };
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      return { document: null, errors: [checkTokens(text, this.#limits) ?? withCode(error, 'GRAPHQL_PARSE_FAILED')] };
    }
  }
}
