import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };

const ROOT = join(import.meta.dirname, '../..');
const run = promisify(execFile);

/** Runs a program that takes its Node for this version. */
function runAs(version: string, ...args: readonly string[]) {
  const disguise = `data:text/javascript,Object.defineProperty(process,"version",{value:"${version}"})`;
  return run(process.execPath, ['--import', disguise, ...args], { cwd: ROOT });
}

test('the package and its lock allow the versions that the checks below accept', async () => {
  expect(manifest.engines.node).toBe('^24.9.0 || >=26.0.0');
  const lock: unknown = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8'));
  expect(lock).toMatchObject({ packages: { '': { engines: manifest.engines } } });
});

test.each(['v20.19.0', 'v24.8.0', 'v25.1.0'])('Node %s is refused in one line', async (version) => {
  const refusal = {
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(`^Node 24.9 or 26 is needed, this is ${version}.*\\n$`),
  };
  await expect(runAs(version, 'src/cli.ts', '--demo')).rejects.toMatchObject(refusal);
  await expect(runAs(version, '.ci/require-node.mjs')).rejects.toMatchObject(refusal);
});

test.each(['v24.9.0', 'v26.0.0'])('Node %s is accepted', async (version) => {
  expect((await runAs(version, 'src/cli.ts', '--version')).stdout).toBe(`${manifest.version}\n`);
  expect((await runAs(version, '.ci/require-node.mjs')).stderr).toBe('');
});
