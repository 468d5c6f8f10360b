import { parse, print, stripIgnoredCharacters } from 'graphql';
import { DOCUMENTS_FILE, readDocumentsFile } from '../../config/documents-file.ts';
import { ConfigError } from '../../config.ts';

/** `TRUSTED_DOCUMENTS`: the only documents that are executed, by hash and by text. */
export class TrustedDocuments {
  readonly #byHash: ReadonlyMap<string, string>;
  readonly #byShape: ReadonlyMap<string, string>;
  readonly #texts: ReadonlySet<string>;
  readonly #maxTokens: number;

  /**
   * @param documents hash to text, as tools that extract them from an app write it.
   * @param maxTokens a text of more is none of them.
   */
  constructor(documents: ReadonlyMap<string, string>, maxTokens: number) {
    const texts = [...documents.values()];
    this.#maxTokens = maxTokens;
    this.#byHash = documents;
    this.#texts = new Set(texts);
    this.#byShape = new Map(texts.map((text) => [this.#shapeOf(text), text]));
  }

  /** Whether exactly this text is listed. */
  has(text: string): boolean {
    return this.#texts.has(text);
  }

  /** The listed text with this hash; null: none. */
  byHash(hash: string): string | null {
    return this.#byHash.get(hash) ?? null;
  }

  /** The listed text that this one is, however it is spaced, commented and ordered; null: it is none. */
  byText(text: string): string | null {
    return this.#texts.has(text) ? text : (this.#byShape.get(this.#shapeOf(text)) ?? null);
  }

  /** Equal for texts with the same definitions; empty for one that does not parse. */
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

/**
 * Reads the file, and checks each text with `check`, which answers what is wrong with it. Throws a `ConfigError` that
 * names the first fault.
 */
export function readTrustedDocuments(
  path: string,
  maxTokens: number,
  check: (text: string) => string | null,
): TrustedDocuments {
  const documents = readDocumentsFile(path);
  if (typeof documents === 'string') throw notTrusted(path, documents);
  for (const [hash, text] of documents) {
    const fault = check(text);
    if (fault !== null) throw notTrusted(path, `${JSON.stringify(hash)}: ${fault}`);
  }
  return new TrustedDocuments(documents, maxTokens);
}

function notTrusted(path: string, reason: string): ConfigError {
  const requirement = `be ${DOCUMENTS_FILE}: ${reason}`;
  return new ConfigError([{ name: 'TRUSTED_DOCUMENTS', shown: JSON.stringify(path), requirement }]);
}
