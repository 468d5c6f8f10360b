import { glob, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse, validate } from 'graphql';
import { describe, expect, test } from 'vitest';
import { schema } from '../../src/schema/schema.ts';
import { operationsIn } from './graphql-texts.ts';
import { DOCUMENTS, Markdown, ROOT } from './markdown.ts';

const documents = await Promise.all(DOCUMENTS.map(Markdown.read));

const LANGUAGES = ['graphql', 'js', 'jsx', 'sh', 'ts'];

/** The names of the scripts of a folder's package.json; none where there is no such file. */
async function scriptsOf(folder: string): Promise<readonly string[]> {
  const text = await readFile(join(ROOT, folder, 'package.json'), 'utf8').catch(() => '{"scripts":{}}');
  return Object.keys((JSON.parse(text) as { readonly scripts: object }).scripts);
}

describe.each(documents.map((document) => [document.path, document] as const))('%s', (path, document) => {
  test('has operations that fit the schema', () => {
    const snippets = document.codeBlocks.filter(({ language }) => LANGUAGES.includes(language));
    const operations = snippets.flatMap(({ text }) => operationsIn(text.replaceAll('\\"', '"')));
    expect(operations.flatMap((text) => validate(schema, parse(text)).map(({ message }) => message))).toEqual([]);
  });

  test('runs npm scripts that exist', async () => {
    const text = [...document.codeBlocks.map((block) => block.text), ...document.spans].join('\n');
    const scripts = Array.from(
      text.matchAll(/npm (?:run (?:--silent )?([\w-]+)|(start|test))/g),
      ([, named, short]) => named ?? short ?? '',
    );
    const known = new Set((await Promise.all(['', dirname(path)].map(scriptsOf))).flat());
    expect(scripts.filter((script) => !known.has(script))).toEqual([]);
  });
});

/** Drawings and output, which cannot run. */
const NOT_RUN = ['text', 'mermaid'];

test('every block of code in the README and in docs is run by a test', async () => {
  const files = await Array.fromAsync(glob('test/**/*.test.ts', { cwd: ROOT, exclude: ['**/node_modules'] }));
  const sources = await Promise.all(files.map((path) => readFile(join(ROOT, path), 'utf8')));
  const call = /\bsnippet\(\s*'([^']+)',\s*'([^']+)',\s*'([^']+)'(?:,\s*(\d+))?,?\s*\)/g;
  const run = sources.flatMap((source) =>
    Array.from(source.matchAll(call), ([, page, heading, language, number = '1']) =>
      [page, heading, language, number].join(' > '),
    ),
  );
  const blocks = documents
    .filter(({ path }) => path === 'README.md' || path.startsWith('docs/'))
    .flatMap(({ path, codeBlocks }) => codeBlocks.map((block) => ({ ...block, path })))
    .filter(({ language }) => !NOT_RUN.includes(language));
  const written = blocks.map(({ path, heading, language }, index) => {
    const same = blocks
      .slice(0, index + 1)
      .filter((block) => block.path === path && block.heading === heading && block.language === language);
    return [path, heading, language, same.length].join(' > ');
  });
  expect(written.filter((block) => !run.includes(block))).toEqual([]);
});
