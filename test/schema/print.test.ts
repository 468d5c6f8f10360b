import { execFile } from 'node:child_process';
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { buildSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { print, schemaFiles } from '../../src/schema/print.ts';
import { printedSchema } from '../../src/schema/printed-schema.ts';
import { schema } from '../../src/schema/schema.ts';

const PRINT = fileURLToPath(new URL('../../src/schema/print.ts', import.meta.url));
const run = promisify(execFile);

describe('print', () => {
  it('prints the operations first, and what it prints can be read', () => {
    const printed = printedSchema(schema);
    const order = [...printed.matchAll(/^(?:type|enum|scalar) (\w+)/gm)].map(([, name]) => name);
    expect(order.slice(0, 4)).toEqual(['Query', 'Subscription', 'VideoTaskStatus', 'VideoTask']);
    expect(buildSchema(printed).getSubscriptionType()?.name).toBe('Subscription');
  });

  it('gives the subgraph the key of its entity, and nothing else', () => {
    const [plain = '', subgraph = ''] = [...schemaFiles().values()];
    const [link = '', , ...lines] = subgraph.split('\n');
    expect(link).toMatch(/^extend schema @link\(url: ".*\/federation\/v2\.4", import: \["@key"\]\)$/);
    expect(lines.join('\n')).toBe(plain.replace('type VideoTask {', 'type VideoTask @key(fields: "id") {'));
    expect(subgraph).toContain('type VideoTask @key');
  });

  it('finds the committed files up to date', async () => {
    expect(await print(['--check'])).toBeNull();
  });

  it('writes the files, and complains of one that differs or is missing', async () => {
    await using directory = await mkdtempDisposable(join(tmpdir(), 'schema-'));
    const { path } = directory;
    expect(await print(['--check', path])).toMatch(/^schema\.graphql and schema\.subgraph\.graphql differ from/);
    expect(await print([path])).toBeNull();
    for (const [name, text] of schemaFiles()) expect(await readFile(join(path, name), 'utf8')).toBe(text);
    expect(await print(['--check', path])).toBeNull();
    await writeFile(join(path, 'schema.subgraph.graphql'), 'type Query { other: Int }');
    expect(await print(['--check', path])).toMatch(/^schema\.subgraph\.graphql differs from/);
  });

  it('as a command exits with 1 and one line when a file differs', async () => {
    await using directory = await mkdtempDisposable(join(tmpdir(), 'schema-'));
    const { path } = directory;
    await expect(run(process.execPath, [PRINT, '--check', path])).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^[^\n]+\n$/),
    });
    await run(process.execPath, [PRINT, path]);
    await run(process.execPath, [PRINT, '--check', path]);
  });
});
