import { readFileSync } from 'node:fs';
import { isJsonObject, type JsonObject } from '../json-object.ts';

/** The allowed content of the file at `TRUSTED_DOCUMENTS`. */
export const DOCUMENTS_FILE =
  'the path of a JSON object from hash to document, or of an Apollo persisted-query manifest';

/** Source: Apollo, "Persisted query manifest", version 1. */
const APOLLO_FORMAT = 'apollo-persisted-query-manifest';

/**
 * The texts of persisted documents by hash, or the reason why the file is none, in words that follow a colon. Reads the
 * map of Relay, Hive, GraphQL Code Generator and `npm run documents`, and the manifest of Apollo.
 */
export function readDocumentsFile(path: string): ReadonlyMap<string, string> | string {
  const value = readJson(path);
  if (value instanceof Error) return value.message;
  if (!isJsonObject(value)) return 'it is no object';
  return value['format'] === APOLLO_FORMAT ? readManifest(value) : readMap(value);
}

function readMap(value: JsonObject): ReadonlyMap<string, string> | string {
  const documents = new Map<string, string>();
  for (const [hash, text] of Object.entries(value)) {
    if (typeof text !== 'string') return `${JSON.stringify(hash)} is no text`;
    documents.set(hash, text);
  }
  return documents;
}

function readManifest({ version, operations }: JsonObject): ReadonlyMap<string, string> | string {
  if (version !== 1) return 'a manifest of version 1 is understood';
  if (!Array.isArray(operations)) return 'its "operations" are no list';
  const documents = new Map<string, string>();
  for (const [index, operation] of operations.entries()) {
    const { id, body } = isJsonObject(operation) ? operation : {};
    if (typeof id !== 'string' || typeof body !== 'string') return `operation ${index} has no "id" and "body"`;
    documents.set(id, body);
  }
  return documents;
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    return new Error(error instanceof SyntaxError ? 'it is no JSON' : 'it cannot be read');
  }
}
