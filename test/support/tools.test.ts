import { spawnSync } from 'node:child_process';
import { mkdtempDisposable, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findTool } from './tools.ts';

/** The output of the check before the suite, with these programs alone on PATH. */
async function check(
  programs: readonly string[],
): Promise<{ readonly status: number | null; readonly stderr: string }> {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'tools-'));
  for (const program of programs) await symlink('/usr/bin/true', join(directory.path, program));
  const script = join(import.meta.dirname, 'tools.ts');
  return spawnSync(process.execPath, [script], { encoding: 'utf8', env: { PATH: directory.path } });
}

test('tools that are missing and cannot be installed are reported in one line', async () => {
  const { status, stderr } = await check(['chromium-browser', 'prometheus', 'promtool', 'faketime', 'curl', 'python3']);
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /^The tests need a Redis or Valkey server \(redis-server, valkey-server\) .*install redis-server\n$/,
  );
});

test('either name of a tool will do', async () => {
  expect(
    await check(['valkey-server', 'google-chrome', 'prometheus', 'promtool', 'faketime', 'curl', 'python3']),
  ).toMatchObject({
    status: 0,
    stderr: '',
  });
});

test('a tool that is still missing after apt-get ran is reported as well', async () => {
  const { status, stderr } = await check(['apt-get']);
  expect(status).toBe(1);
  expect(stderr).toContain(
    'apt-get install redis-server chromium-headless-shell prometheus faketime curl python3-minimal',
  );
});

test('a tool is found by its path', () => {
  expect(findTool('redis')).toMatch(/^\/.*(?:redis|valkey)-server$/);
  expect(findTool('chromium')).toMatch(/^\/.*chrom/);
});
