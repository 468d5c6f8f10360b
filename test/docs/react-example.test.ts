import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, validate } from 'graphql';
import { expect, test } from 'vitest';
import { schema } from '../../src/schema/schema.ts';
import { operationsIn } from './graphql-texts.ts';
import { ROOT } from './markdown.ts';

const EXAMPLE = join(ROOT, 'examples/react');

test('its operations fit the schema', async () => {
  const files = await Array.fromAsync(glob('src/*.{ts,tsx}', { cwd: EXAMPLE }));
  const texts = await Promise.all(files.map((file) => readFile(join(EXAMPLE, file), 'utf8')));
  const operations = texts.flatMap(operationsIn);
  expect(operations.length).toBeGreaterThan(0);
  expect(operations.flatMap((text) => validate(schema, parse(text)).map(({ message }) => message))).toEqual([]);
});

test('its lock file names no registry', async () => {
  const lock = JSON.parse(await readFile(join(EXAMPLE, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly resolved?: string }>>;
  };
  expect(Object.values(lock.packages).flatMap(({ resolved }) => resolved ?? [])).toEqual([]);
});
