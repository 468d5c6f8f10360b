import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const MODULE = JSON.stringify(join(import.meta.dirname, '../../src/process/hangup.ts'));
const env = {
  PATH: process.env['PATH'] ?? '',
  NODE: process.execPath,
  SERVER: `import { hangupIgnored } from ${MODULE};
    process.stdout.write(String(hangupIgnored(process.env._)));`,
  /** As npm does: sets its title, and runs a script in the shell that is its argument. */
  NPM: `process.title = 'npm start';
    child_process.spawnSync(process.argv[1], ['-c', process.env.SCRIPT], { stdio: 'inherit' });`,
  SCRIPT: 'exec "$NODE" --input-type=module -e "$SERVER"',
};
/** A shell replaces itself with the last command of its text: an exit after it keeps the shell as the parent. */
const SERVER = '"$NODE" --input-type=module -e "$SERVER"; exit $?';
const npm = (shell: string): string => `"$NODE" -e "$NPM" ${shell}; exit $?`;

test.each([
  ['a shell', 'sh', SERVER, false],
  ['nohup in a shell', 'bash', `nohup ${SERVER}`, true],
  ['a shell that ignores it', 'sh', `trap '' HUP; ${SERVER}`, true],
  ['npm', 'sh', npm('sh'), false],
  ['npm under nohup', 'bash', `nohup ${npm('sh')}`, true],
  ['npm under nohup with bash for its scripts', 'bash', `nohup ${npm('bash')}`, true],
  ['npm in a shell that ignores it', 'sh', `trap '' HUP; ${npm('bash')}`, true],
])('a process that %s started knows whether SIGHUP is to be ignored', (_, shell, text, expected) => {
  const { stdout } = spawnSync(shell, ['-c', text], { env, encoding: 'utf8', timeout: 60_000 });
  expect(stdout).toBe(String(expected));
});
