import { readFileSync } from 'node:fs';

/** What `TRUSTED_DOCUMENTS` must be the path of. */
export const DOCUMENTS_FILE = 'the path of a JSON object from hash to document';

/** The texts in a persisted-documents JSON, by hash; or what is wrong with the file, in words that follow a colon. */
export function readDocumentsFile(path: string): ReadonlyMap<string, string> | string {
  const value = readJson(path);
  if (value instanceof Error) return value.message;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'it is no object';
  const entries = Object.entries(value as Readonly<Record<string, unknown>>);
  for (const [hash, text] of entries) if (typeof text !== 'string') return `${JSON.stringify(hash)} is no text`;
  return new Map(entries as [string, string][]);
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    return new Error(error instanceof SyntaxError ? 'it is no JSON' : 'it cannot be read');
  }
}
