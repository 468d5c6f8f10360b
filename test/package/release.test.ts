import { execFile } from 'node:child_process';
import { cp, mkdtempDisposable, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const SCRIPT = join(import.meta.dirname, '../../.ci/release.mjs');
const CHANGE = '### Added\n\n- A thing.\n';

/** A clone of a small package, with a bare repository as its origin. */
async function clone() {
  const directory = await mkdtempDisposable(join(tmpdir(), 'release-'));
  const cwd = join(directory.path, 'clone');
  const git = async (...args: readonly string[]): Promise<string> => {
    const identity = ['-c', 'user.name=A', '-c', 'user.email=a@example.com'];
    return (await run('git', [...identity, ...args], { cwd })).stdout;
  };
  await run('git', ['init', '--quiet', '--bare', join(directory.path, 'origin')]);
  await run('git', ['clone', '--quiet', join(directory.path, 'origin'), cwd]);
  await cp(SCRIPT, join(cwd, '.ci/release.mjs'));
  await writeFile(join(cwd, '.gitignore'), '*.tgz\n');
  /** Commits a version with this section of the changelog. */
  const commit = async (version: string, notes: string, heading = `[${version}] - 2026-11-30`): Promise<void> => {
    const manifest = JSON.stringify({ name: 'small', version });
    for (const file of ['package.json', 'package-lock.json']) await writeFile(join(cwd, file), manifest);
    await writeFile(join(cwd, 'CHANGELOG.md'), `# Changelog\n\n## [Unreleased]\n\n## ${heading}\n\n${notes}`);
    await git('add', '--all');
    await git('commit', '--quiet', '--message', version);
  };
  const identity = { GIT_COMMITTER_NAME: 'A', GIT_COMMITTER_EMAIL: 'a@example.com' };
  const release = (check = 'true') =>
    run(process.execPath, ['.ci/release.mjs', '--check', check], { cwd, env: { ...process.env, ...identity } });
  return { cwd, git, commit, release, [Symbol.asyncDispose]: () => directory.remove() };
}

test('a release is checked, packed and tagged with its changes', async () => {
  await using small = await clone();
  await small.commit('0.1.0', CHANGE);
  await small.release('touch checked.tgz');
  expect((await readdir(small.cwd)).filter((name) => name.endsWith('.tgz'))).toEqual([
    'checked.tgz',
    'small-0.1.0.tgz',
  ]);
  expect(await small.git('for-each-ref', '--format=%(objecttype) %(contents)', 'refs/tags/v0.1.0')).toContain(
    `tag v0.1.0\n\n${CHANGE.trim()}`,
  );
});

test('a release is refused, and leaves no tag, when its work tree, its check or its changelog is wrong', async () => {
  await using small = await clone();
  const refused = async (reason: string, check?: string): Promise<void> => {
    await expect(small.release(check)).rejects.toMatchObject({ stderr: expect.stringContaining(reason) });
    expect(await small.git('tag')).toBe('');
  };
  await small.commit('0.1.0', CHANGE, '[0.1.0]');
  await refused('no section "## [0.1.0] - YYYY-MM-DD"');
  await small.commit('0.1.0', 'Nothing.\n');
  await refused('lists no change');
  await small.commit('0.1', CHANGE);
  await refused('no semantic version');
  await small.commit('0.1.0', CHANGE);
  await refused('"sh -c false" fails', 'false');
  await refused('the check has changed the work tree', 'touch new');
  await refused('uncommitted changes');
});

test('a release is refused when its tag exists, here or at the origin', async () => {
  await using small = await clone();
  await small.commit('0.1.0', CHANGE);
  await small.release();
  const exists = { stderr: expect.stringContaining('v0.1.0 exists already') };
  await expect(small.release()).rejects.toMatchObject(exists);
  await small.git('push', '--quiet', 'origin', 'v0.1.0');
  await small.git('tag', '--delete', 'v0.1.0');
  await expect(small.release()).rejects.toMatchObject(exists);
});

const BREAKING = '### Breaking\n\n- A thing is gone.\n';

/** The check, which comes after every rule. */
const CHECK_FAILS = '"sh -c false" fails';

test.each([
  ['0.3.0', '0.3.1', CHANGE, CHECK_FAILS],
  ['0.3.0', '0.3.1', BREAKING, 'needs a larger step than 0.3.1'],
  ['0.3.0', '0.4.0', BREAKING, CHECK_FAILS],
  ['0.10.0', '0.9.0', CHANGE, 'older than 0.10.0'],
  ['1.2.0', '1.3.0', BREAKING, 'needs a larger step than 1.3.0'],
  ['1.2.0', '2.0.0', CHANGE, 'say under "### Breaking" what breaks'],
  ['1.2.0', '2.0.0', BREAKING, CHECK_FAILS],
  ['1.0.0 2.0.0-rc.1', '2.0.0', BREAKING, CHECK_FAILS],
  ['1.0.0 2.0.0-rc.9', '2.0.0-rc.10', CHANGE, CHECK_FAILS],
  ['1.0.0 2.0.0-rc.10', '2.0.0-rc.9', BREAKING, 'older than 2.0.0-rc.10'],
  ['1.0.0-rc.1 1.0.0', '1.0.0-rc.2', CHANGE, 'older than 1.0.0'],
  ['1.0.0 next 1.2', '1.1.0', CHANGE, CHECK_FAILS],
])('after %s, %s with the changes %j ends with %s', async (earlier, next, notes, reason) => {
  await using small = await clone();
  await small.commit('0.0.1', CHANGE);
  for (const tag of earlier.split(' ')) await small.git('tag', `v${tag}`);
  await small.commit(next, notes);
  await expect(small.release('false')).rejects.toMatchObject({ stderr: expect.stringContaining(reason) });
});
