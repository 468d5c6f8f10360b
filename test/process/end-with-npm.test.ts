import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { killAtExit } from '../support/child-processes.ts';

const SERVER = 'process.on("SIGHUP", () => process.exit(7)); setInterval(() => {}, 1000);';

test('a server whose npm has ended before the first line of the server ends as well', async () => {
  const { pid: npm } = spawnSync('true');
  const preload = `./.ci/end-with-npm.mjs?${npm}`;
  const child = spawn(process.execPath, ['--import', preload, '-e', SERVER], { stdio: 'ignore' });
  killAtExit(child);
  expect(await once(child, 'exit')).toEqual([7, null]);
});

test('a server in a shell that stays beside it goes on while npm runs', async () => {
  const preload = `./.ci/end-with-npm.mjs?${process.pid}`;
  const server = `${SERVER} setTimeout(() => process.exit(0), 2_000);`;
  const script = '"$0" --import "$1" -e "$2"; exit $?';
  const child = spawn('sh', ['-c', script, process.execPath, preload, server], { stdio: 'ignore' });
  killAtExit(child);
  expect(await once(child, 'exit')).toEqual([0, null]);
});
