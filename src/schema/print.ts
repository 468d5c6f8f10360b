/**
 * `node src/schema/print.ts [--check] [DIRECTORY]` writes `schema.graphql` and `schema.subgraph.graphql`, or only checks
 * them.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { printedSchema } from './printed-schema.ts';
import { schema } from './schema.ts';
import { subgraphSdl } from './subgraph-sdl.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The text of each file, by its name. */
export function schemaFiles(): ReadonlyMap<string, string> {
  return new Map([
    ['schema.graphql', printedSchema(schema)],
    ['schema.subgraph.graphql', subgraphSdl()],
  ]);
}

/** Writes or checks the files as the arguments ask. Resolves to a complaint; null: the files and the code agree. */
export async function print(args: readonly string[]): Promise<string | null> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { check: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const [directory = ROOT] = positionals;
  const different: string[] = [];
  for (const [name, printed] of schemaFiles()) {
    const file = join(directory, name);
    if (!values.check) await writeFile(file, printed);
    else if ((await readFile(file, 'utf8').catch(() => null)) !== printed) different.push(name);
  }
  if (different.length === 0) return null;
  return `${different.join(' and ')} differ${different.length === 1 ? 's' : ''} from the code: run \`npm run schema\`.`;
}

if (import.meta.main) {
  const complaint = await print(process.argv.slice(2));
  if (complaint !== null) {
    console.error(complaint);
    process.exitCode = 1;
  }
}
