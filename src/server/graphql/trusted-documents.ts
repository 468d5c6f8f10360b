import { createHash } from 'node:crypto';
import { parse, print, stripIgnoredCharacters } from 'graphql';
import { DOCUMENTS_FILE, readDocumentsFile } from '../../config/documents-file.ts';
import { ConfigError } from '../../config.ts';

/** `TRUSTED_DOCUMENTS`: the only documents that are executed, by hash and by text. */
export class TrustedDocuments {
  readonly #texts: ReadonlySet<string>;
  readonly #byHash: ReadonlyMap<string, string>;
  readonly #byShape: ReadonlyMap<string, string>;
  readonly #maxTokens: number;

  /**
   * @param documents hash to text, as tools that extract them from an app write it. The SHA-256 of a text (hex) names
   * it too.
   * @param maxTokens a text with more tokens is not listed.
   */
  constructor(documents: ReadonlyMap<string, string>, maxTokens: number) {
    const texts = [...documents.values()];
    this.#maxTokens = maxTokens;
    this.#texts = new Set(texts);
    this.#byHash = new Map([
      ...texts.map((text) => [createHash('sha256').update(text).digest('hex'), text] as const),
      ...[...documents].map(([hash, text]) => [withoutAlgorithm(hash), text] as const),
    ]);
    this.#byShape = new Map(texts.map((text) => [this.#shapeOf(text), text]));
  }

  /** Whether exactly this text is listed. */
  has(text: string): boolean {
    return this.#texts.has(text);
  }

  /** The listed text with this hash, with or without its algorithm in front (`sha256:`); null: there is none. */
  byHash(hash: string): string | null {
    return this.#byHash.get(withoutAlgorithm(hash)) ?? null;
  }

  /** The listed text with the same definitions, in any order, white space and comments; null: there is none. */
  byText(text: string): string | null {
    return this.#texts.has(text) ? text : (this.#byShape.get(this.#shapeOf(text)) ?? null);
  }

  /** Equal for texts with the same definitions; empty for a text that does not parse. */
  #shapeOf(text: string): string {
    try {
      const { definitions } = parse(text, { noLocation: true, maxTokens: this.#maxTokens });
      return definitions
        .map((node) => stripIgnoredCharacters(print(node)))
        .toSorted()
        .join(' ');
    } catch {
      return '';
    }
  }
}

/** Source: GraphQL over HTTP, appendix "Persisted Documents": a document identifier may be prefixed with `sha256:`. */
function withoutAlgorithm(hash: string): string {
  return hash.startsWith('sha256:') ? hash.slice('sha256:'.length) : hash;
}

/**
 * Reads the file, and checks each text with `check`, which returns the first mistake in it or null. Throws a
 * `ConfigError` that names the first mistake.
 */
export function readTrustedDocuments(
  path: string,
  maxTokens: number,
  check: (text: string) => string | null,
): TrustedDocuments {
  const documents = readDocumentsFile(path);
  if (typeof documents === 'string') throw invalidFile(path, documents);
  for (const [hash, text] of documents) {
    const mistake = check(text);
    if (mistake !== null) throw invalidFile(path, `${JSON.stringify(hash)}: ${mistake}`);
  }
  return new TrustedDocuments(documents, maxTokens);
}

function invalidFile(path: string, reason: string): ConfigError {
  const requirement = `be ${DOCUMENTS_FILE}: ${reason}`;
  return new ConfigError([{ name: 'TRUSTED_DOCUMENTS', shown: JSON.stringify(path), requirement }]);
}
