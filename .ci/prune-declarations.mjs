// Removes the declarations that the entry of the package does not reach: no consumer can import them.
import { existsSync } from 'node:fs';
import { glob, readFile, rm } from 'node:fs/promises';
import { join, normalize } from 'node:path';

/** TypeScript keeps the quotes of written imports, and writes the import() of an inferred type with double quotes. */
const RELATIVE_IMPORT = /\b(?:from |import |import\()(['"])(\.[^'"\n]+)\1/g;
const reached = new Set();

async function reach(path) {
  if (reached.has(path)) return;
  reached.add(path);
  const text = await readFile(path, 'utf8');
  for (const [, , specifier] of text.matchAll(RELATIVE_IMPORT)) {
    const declaration = normalize(join(path, '..', specifier.replace(/\.(?:ts|js)$/, '.d.ts')));
    if (!existsSync(declaration)) throw new Error(`${path} imports ${specifier}, which has no declaration`);
    await reach(declaration);
  }
}

await reach(normalize('dist/index.d.ts'));
for await (const path of glob('dist/**/*.d.ts')) if (!reached.has(normalize(path))) await rm(path);
