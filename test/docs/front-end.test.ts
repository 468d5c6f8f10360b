import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, validate } from 'graphql';
import { expect, test } from 'vitest';
import { schema } from '../../src/schema/schema.ts';
import { operationsIn } from './graphql-texts.ts';
import { ROOT } from './markdown.ts';

const FRONT_END = join(ROOT, 'examples/front-end');

test('its operations fit the schema', async () => {
  const files = await Array.fromAsync(glob('src/*.{ts,tsx}', { cwd: FRONT_END }));
  const texts = await Promise.all(files.map((file) => readFile(join(FRONT_END, file), 'utf8')));
  const operations = texts.flatMap(operationsIn);
  expect(operations.length).toBeGreaterThan(0);
  expect(operations.flatMap((text) => validate(schema, parse(text)).map(({ message }) => message))).toEqual([]);
});

test('its lock file names no registry', async () => {
  const lock = JSON.parse(await readFile(join(FRONT_END, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly resolved?: string }>>;
  };
  expect(Object.values(lock.packages).flatMap(({ resolved }) => resolved ?? [])).toEqual([]);
});

test('its client is of the same GraphQL and protocol majors as the gateway', async () => {
  const read = async (path: string): Promise<Readonly<Record<string, string>>> =>
    (JSON.parse(await readFile(path, 'utf8')) as { dependencies: Record<string, string> }).dependencies;
  const [own, gateway] = await Promise.all([FRONT_END, ROOT].map((root) => read(join(root, 'package.json'))));
  const majors = (versions: Readonly<Record<string, string>> | undefined): unknown =>
    ['graphql', 'graphql-ws'].map((name) => versions?.[name]?.split('.')[0]);
  expect(majors(own)).toEqual(majors(gateway));
});
