/**
 * `node src/schema/print.ts [--check] [FILE]` writes the schema to `schema.graphql`, or only checks it.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type GraphQLNamedType, isIntrospectionType, isScalarType, isSpecifiedScalarType, printType } from 'graphql';
import { schema } from './schema.ts';

const SCHEMA_FILE = fileURLToPath(new URL('../../schema.graphql', import.meta.url));

/** The schema as text, for people to read from the top: the operations, then their types, the scalars last. */
export function printedSchema(): string {
  const types = Object.values(schema.getTypeMap())
    .filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type))
    .sort((a, b) => rank(a) - rank(b));
  return `${types.map(printType).join('\n\n')}\n`;
}

function rank(type: GraphQLNamedType): number {
  if (type === schema.getQueryType() || type === schema.getSubscriptionType()) {
    return 0;
  }
  return isScalarType(type) ? 2 : 1;
}

/** Writes or checks the schema as the arguments ask. Resolves to a complaint; null: the file and the code agree. */
export async function print(args: readonly string[]): Promise<string | null> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { check: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const [file = SCHEMA_FILE] = positionals;
  const printed = printedSchema();
  if (!values.check) {
    await writeFile(file, printed);
    return null;
  }
  const committed = await readFile(file, 'utf8').catch(() => null);
  return committed === printed ? null : 'schema.graphql differs from the code: run `npm run schema`.';
}

if (import.meta.main) {
  const complaint = await print(process.argv.slice(2));
  if (complaint !== null) {
    console.error(complaint);
    process.exitCode = 1;
  }
}
