import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { extractDocuments } from './extract.ts';

/** `npm run documents -- GLOB… OUT.json`: lists the documents of an app for `TRUSTED_DOCUMENTS`. */
const patterns = process.argv.slice(2);
const out = patterns.pop();
// A shell expands an unquoted pattern, and a source file would then stand in the place of OUT.
if (!out?.endsWith('.json') || patterns.length === 0) fail('Usage: npm run documents -- GLOB… OUT.json');

const paths = [...new Set(globSync(patterns, { exclude: ['**/node_modules/**'] }))].toSorted();
if (paths.length === 0) fail(`No file matches ${patterns.join(' ')}`);
const READ = 'gql, graphql and /* GraphQL */ templates, .graphql and .gql files';
try {
  const documents = extractDocuments(paths.map((path) => ({ path, text: readFileSync(path, 'utf8') })));
  if (Object.keys(documents).length === 0) fail(`No operation in the ${paths.length} files; what is read: ${READ}`);
  writeFileSync(out, `${JSON.stringify(documents, null, 2)}\n`);
  process.stdout.write(`${Object.keys(documents).length} documents from ${paths.length} files in ${out}\n`);
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}
