import { readFileSync } from 'node:fs';
import { stripIgnoredCharacters } from 'graphql';
import { ConfigError } from '../config.ts';

/** `TRUSTED_DOCUMENTS`: the only documents that are executed, by hash and by text. */
export class TrustedDocuments {
  readonly #byHash: ReadonlyMap<string, string>;
  readonly #byShape: ReadonlyMap<string, string>;

  /** @param documents hash to text, as tools that extract them from an app write it. */
  constructor(documents: ReadonlyMap<string, string>) {
    this.#byHash = documents;
    this.#byShape = new Map([...documents.values()].map((text) => [shapeOf(text), text]));
  }

  /** The listed text with this hash; null: none. */
  byHash(hash: string): string | null {
    return this.#byHash.get(hash) ?? null;
  }

  /** The listed text that this one is, however it is spaced and commented; null: it is none. */
  byText(text: string): string | null {
    return this.#byShape.get(shapeOf(text)) ?? null;
  }
}

/**
 * Reads the file, and checks each text with `check`, which answers what is wrong with it. Throws a `ConfigError` that
 * names the first fault.
 */
export function readTrustedDocuments(path: string, check: (text: string) => string | null): TrustedDocuments {
  const refuse = (reason: string): ConfigError => {
    const must = `be the path of a JSON object from hash to document: ${reason}`;
    return new ConfigError([{ name: 'TRUSTED_DOCUMENTS', shown: JSON.stringify(path), must }]);
  };
  const value = readJson(path, refuse);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refuse('it is no object');
  const documents = new Map<string, string>();
  for (const [hash, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw refuse(`${JSON.stringify(hash)} is no text`);
    const fault = check(text);
    if (fault !== null) throw refuse(`${JSON.stringify(hash)}: ${fault}`);
    documents.set(hash, text);
  }
  return new TrustedDocuments(documents);
}

function readJson(path: string, refuse: (reason: string) => ConfigError): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw refuse(error instanceof SyntaxError ? 'it is no JSON' : 'it cannot be read');
  }
}

function shapeOf(text: string): string {
  try {
    return stripIgnoredCharacters(text);
  } catch {
    return text;
  }
}
