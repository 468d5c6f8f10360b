import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { killAtExit } from '../support/child-processes.ts';

const SERVER = 'process.on("SIGHUP", () => process.exit(7)); setInterval(() => {}, 1000);';

test('a server whose npm has ended before the first line of the server ends as well', async () => {
  const preload = `./.ci/end-with-npm.mjs?${process.ppid}`;
  const child = spawn(process.execPath, ['--import', preload, '-e', SERVER], { stdio: 'ignore' });
  killAtExit(child);
  expect(await once(child, 'exit')).toEqual([7, null]);
});
