// Removes the declarations that the entry of the package does not reach: no consumer can import them.
import { glob, readFile, rm } from 'node:fs/promises';
import { join, normalize } from 'node:path';

const reached = new Set();

async function reach(path) {
  if (reached.has(path)) return;
  reached.add(path);
  const text = await readFile(path, 'utf8');
  const imports = Array.from(text.matchAll(/(?:from |import\()'(\.[^']+)\.(?:ts|js)'/g), ([, specifier]) => specifier);
  for (const specifier of imports) await reach(normalize(join(path, '..', `${specifier}.d.ts`)));
}

await reach(normalize('dist/index.d.ts'));
for await (const path of glob('dist/**/*.d.ts')) if (!reached.has(normalize(path))) await rm(path);
