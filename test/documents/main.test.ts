import { execFile } from 'node:child_process';
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const MAIN = new URL('../../src/documents/main.ts', import.meta.url).pathname;

/** Runs it in a folder with one file of an app; `listed` is what it has written, null when nothing. */
async function list(source: string, pattern = '*.ts') {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'documents-'));
  await writeFile(join(folder.path, 'app.ts'), source);
  const ended = await new Promise<{ code: unknown; out: string; err: string }>((resolve) => {
    execFile(process.execPath, [MAIN, pattern, 'out.json'], { cwd: folder.path }, (error, out, err) => {
      resolve({ code: error ? error.code : 0, out, err });
    });
  });
  return { ...ended, listed: await readFile(join(folder.path, 'out.json'), 'utf8').catch(() => null) };
}

test('writes the documents it has found, and says how many', async () => {
  const { code, out, listed } = await list('const A = gql`query A { __typename }`;');
  expect(code).toBe(0);
  expect(out).toBe('1 documents from 1 files in out.json\n');
  expect(Object.values(JSON.parse(listed ?? ''))).toEqual([expect.stringContaining('query A')]);
});

test.each([
  ['no operation', "const A = 'query A { __typename }';", '*.ts', /^No operation in the 1 files; .*gql.*\n$/],
  ['no file', '', '*.tsx', /^No file matches \*\.tsx\n$/],
])('ends with 2, one line and nothing written where there is %s', async (_name, source, pattern, line) => {
  const { code, out, err, listed } = await list(source, pattern);
  expect({ code, out, listed }).toEqual({ code: 2, out: '', listed: null });
  expect(err).toMatch(line);
});
