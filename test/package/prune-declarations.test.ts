import { execFile } from 'node:child_process';
import { mkdir, mkdtempDisposable, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const SCRIPT = join(import.meta.dirname, '../../.ci/prune-declarations.mjs');

test('declarations that the entry reaches stay, in either quotes, and an import without one fails', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'declarations-'));
  const dist = join(folder.path, 'dist');
  await mkdir(dist);
  const write = (name: string, text = 'export {};\n') => writeFile(join(dist, `${name}.d.ts`), text);
  await write('index', `export { a } from './a.ts';\nexport declare const b: import("./b.ts").B;\n`);
  await Promise.all(['a', 'b', 'unreached'].map((name) => write(name)));
  await run(process.execPath, [SCRIPT], { cwd: folder.path });
  expect((await readdir(dist)).toSorted()).toEqual(['a.d.ts', 'b.d.ts', 'index.d.ts']);
  await write('a', `export * from "./missing";\n`);
  const failure = { stderr: expect.stringContaining('imports ./missing, which has no declaration') };
  await expect(run(process.execPath, [SCRIPT], { cwd: folder.path })).rejects.toMatchObject(failure);
});
