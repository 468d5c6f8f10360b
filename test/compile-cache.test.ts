import { chmod, mkdir, mkdtempDisposable, readdir, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { enablePrivateCompileCache, isPrivate } from '../src/compile-cache.ts';
import { DEPLOYED, GatewayProcess } from './support/gateway-process.ts';

const UID = 1_000;
const stats = (uid: number, mode: number, isDirectory = true) => ({ uid, mode, isDirectory: () => isDirectory });

test.each([
  ['of the user', stats(UID, 0o40_700), true],
  ['of the user, readable by all', stats(UID, 0o40_755), true],
  ['of root, as in an image', stats(0, 0o40_755), true],
  ['of another user', stats(UID + 1, 0o40_755), false],
  ['that the group may write', stats(UID, 0o40_770), false],
  ['that all may write', stats(UID, 0o40_702), false],
  ['with a sticky bit, as /tmp', stats(0, 0o41_777), false],
  ['that is a link or a file', stats(UID, 0o100_700, false), false],
])('a compile cache %s: %j is %s', (_name, given, expected) => {
  expect(isPrivate(given, UID)).toBe(expected);
});

test('where users have no number, as on Windows, a directory has the access list of the installation, and no file is one', () => {
  expect(isPrivate(stats(0, 0o40_666), undefined)).toBe(true);
  expect(isPrivate(stats(0, 0o100_666, false), undefined)).toBe(false);
});

test('a directory that other users may write, a link and a file leave the compile cache off', async () => {
  await using parent = await mkdtempDisposable(join(tmpdir(), 'compile-cache-'));
  const path = (name: string) => join(parent.path, name);
  await mkdir(path('shared'));
  await chmod(path('shared'), 0o777);
  await symlink(path('shared'), path('link'));
  await writeFile(path('file'), '');
  for (const name of ['shared', 'link', 'file', 'file/below'])
    expect(enablePrivateCompileCache(path(name))).toBe(false);
  expect(await readdir(path('shared'))).toEqual([]);
});

test('a gateway writes no code into the shared temporary folder', async () => {
  await using shared = await mkdtempDisposable(join(tmpdir(), 'shared-'));
  await using gateway = await GatewayProcess.start({ A2E_API_TOKEN: 'token', TMPDIR: shared.path }, DEPLOYED);
  expect((await gateway.readiness()).status).toBe(200);
  expect(await readdir(shared.path)).toEqual([]);
});
