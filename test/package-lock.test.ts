import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

describe.each(['package-lock.json', 'test/clients/package-lock.json'])('%s', async (path) => {
  const file = join(import.meta.dirname, '..', path);
  const { packages } = JSON.parse(await readFile(file, 'utf8')) as {
    packages: Readonly<Record<string, LockedPackage>>;
  };

  test('names no registry, so that every machine uses its own', () => {
    expect(Object.keys(packages).filter((path) => packages[path]?.resolved !== undefined)).toEqual([]);
  });

  test('lists the packages of every platform, or `npm ci` fails on another one', () => {
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !packages[`${path}/node_modules/${name}`] && !packages[`node_modules/${name}`],
      ),
    );
    expect(missing).toEqual([]);
  });
});
