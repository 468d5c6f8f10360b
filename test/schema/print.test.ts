import { execFile } from 'node:child_process';
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { buildSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { print, printedSchema } from '../../src/schema/print.ts';

const PRINT = fileURLToPath(new URL('../../src/schema/print.ts', import.meta.url));
const run = promisify(execFile);

describe('print', () => {
  it('prints the operations first, and what it prints can be read', () => {
    const printed = printedSchema();
    const order = [...printed.matchAll(/^(?:type|enum|scalar) (\w+)/gm)].map(([, name]) => name);
    expect(order.slice(0, 4)).toEqual(['Query', 'Subscription', 'VideoTaskStatus', 'VideoTask']);
    expect(buildSchema(printed).getSubscriptionType()?.name).toBe('Subscription');
  });

  it('finds the committed file up to date', async () => {
    expect(await print(['--check'])).toBeNull();
  });

  it('writes the file, and complains of one that differs or is missing', async () => {
    await using directory = await mkdtempDisposable(join(tmpdir(), 'schema-'));
    const file = join(directory.path, 'schema.graphql');
    expect(await print(['--check', file])).toMatch(/differs/);
    expect(await print([file])).toBeNull();
    expect(await readFile(file, 'utf8')).toBe(printedSchema());
    expect(await print(['--check', file])).toBeNull();
    await writeFile(file, 'type Query { other: Int }');
    expect(await print(['--check', file])).toMatch(/differs/);
  });

  it('as a command exits with 1 and one line when the file differs', async () => {
    await using directory = await mkdtempDisposable(join(tmpdir(), 'schema-'));
    const file = join(directory.path, 'schema.graphql');
    await expect(run(process.execPath, [PRINT, '--check', file])).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^[^\n]+\n$/),
    });
    await run(process.execPath, [PRINT, file]);
    await run(process.execPath, [PRINT, '--check', file]);
  });
});
