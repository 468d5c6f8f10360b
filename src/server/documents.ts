import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  parse,
  specifiedRules,
  type ValidationRule,
  validate,
} from 'graphql';
import { LRUCache } from 'lru-cache';

/** A document that was parsed and validated once. */
export interface PreparedDocument {
  /** Differs for every document text: part of the identity of what is asked. */
  readonly id: number;
  /** null when it does not parse. */
  readonly document: DocumentNode | null;
  /** Syntax or validation errors; empty when it may be executed. */
  readonly errors: readonly GraphQLError[];
}

export interface DocumentsOptions {
  readonly schema: GraphQLSchema;
  /** `MAX_TOKENS` */
  readonly maxTokens: number;
  /** Beside the rules of the specification. */
  readonly rules?: readonly ValidationRule[];
}

const MAX_CACHED_CHARACTERS = 4 * 1024 * 1024;

/** Parses and validates each document text once, for every transport. */
export class Documents {
  readonly #options: DocumentsOptions;
  readonly #cache: LRUCache<string, PreparedDocument>;
  #lastId = 0;

  constructor(options: DocumentsOptions) {
    this.#options = options;
    this.#cache = new LRUCache({
      maxSize: MAX_CACHED_CHARACTERS,
      sizeCalculation: (_prepared, text) => text.length + 1,
    });
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

  #check(text: string): Omit<PreparedDocument, 'id'> {
    const { schema, maxTokens, rules = [] } = this.#options;
    try {
      const document = parse(text, { maxTokens });
      return { document, errors: validate(schema, document, [...specifiedRules, ...rules]) };
    } catch (error) {
      if (error instanceof GraphQLError) return { document: null, errors: [error] };
      throw error;
    }
  }
}
