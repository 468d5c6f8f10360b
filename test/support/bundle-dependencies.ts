import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'vite';

/** As Node resolves packages. */
const CONDITIONS = ['node', 'module-sync', 'import', 'default'];
/** Types alone, and one string of several megabytes that few tests ask for. */
const NOT_BUNDLED = ['@types/node', '@graphql-yoga/render-graphiql'];

const [, , directory = ''] = process.argv;
const draft = `${directory}-${randomUUID()}`;
await mkdir(draft, { recursive: true, mode: 0o700 });
const { dependencies }: { dependencies: object } = JSON.parse(await readFile('package.json', 'utf8'));
const names = Object.keys(dependencies).filter((name) => !NOT_BUNDLED.includes(name));
const entries = await Promise.all(names.map(writeEntry));
await build({
  configFile: false,
  publicDir: false,
  logLevel: 'error',
  ssr: { noExternal: true, resolve: { conditions: CONDITIONS } },
  build: {
    ssr: true,
    outDir: draft,
    emptyOutDir: false,
    target: 'esnext',
    rolldownOptions: {
      input: entries.map((name) => join(draft, `${name}.entry.mjs`)),
      output: { entryFileNames: '[name].mjs', chunkFileNames: '[name].mjs' },
    },
  },
});
await writeFile(join(draft, 'register.mjs'), registration());
await publish();

/** An entry names each export, because a bundler finds none in a CommonJS package. */
async function writeEntry(name: string): Promise<string> {
  const names = Object.keys(await import(name)).filter((key) => /^[\w$]+$/.test(key));
  const fileName = name.replaceAll(/\W+/g, '-');
  await writeFile(join(draft, `${fileName}.entry.mjs`), `export { ${names.join(', ')} } from '${name}';\n`);
  return fileName;
}

/** A module that has Node load the bundle in the place of the packages. */
function registration(): string {
  const urls = names.map((name, index) => [name, pathToFileURL(join(directory, `${entries[index]}.entry.mjs`)).href]);
  return `import { registerHooks } from 'node:module';
const urls = new Map(${JSON.stringify(urls)});
registerHooks({
  resolve(specifier, context, next) {
    const url = urls.get(specifier);
    return url ? { url, format: 'module', shortCircuit: true } : next(specifier, context);
  },
});
`;
}

/** Of bundles that are made at the same time the first one stays. */
async function publish(): Promise<void> {
  try {
    await rename(draft, directory);
  } catch (error) {
    await rm(draft, { recursive: true });
    if (!existsSync(directory)) throw error;
  }
}
