import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { hangupIgnored } from '../../src/process/hangup.ts';
import { killAtExit } from '../support/child-processes.ts';

/** Each prints a line once it is as its name says, and ends when its standard input does. */
const WAITING_SHELL = 'echo; read line';
const WAITING_NPM = `process.title = 'npm start'; console.log(); process.stdin.resume();`;

/** A process that could be the parent of a server; disposing of it ends it. */
async function startParent(command: readonly [string, ...string[]], env: Readonly<Record<string, string>> = {}) {
  const [program, ...args] = command;
  const { PATH = '' } = process.env;
  const child = spawn(program, args, { env: { PATH, ...env }, stdio: ['pipe', 'pipe', 'inherit'] });
  killAtExit(child);
  const exited = once(child, 'exit');
  await once(child.stdout, 'data');
  return {
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await exited;
    },
  };
}

/** What a server with this parent, which no shell has started, finds in `/proc`. */
function ignoredUnder(parent: number): boolean {
  const { ppid } = process;
  const set = (value: number) => Object.defineProperty(process, 'ppid', { value });
  set(parent);
  try {
    return hangupIgnored(undefined);
  } finally {
    set(ppid);
  }
}

test.each([
  ['/usr/bin/nohup', true],
  ['nohup', true],
  ['/usr/bin/mynohup', false],
  ['/opt/nohup/bin/node', false],
  ['/usr/bin/npm', false],
  ['', false],
])('the launcher %j means nohup: %s', (launcher, expected) => {
  expect(hangupIgnored(launcher)).toBe(expected);
});

test.each<[string, [string, ...string[]], boolean]>([
  ['a shell', ['sh', '-c', WAITING_SHELL], false],
  ['a shell under nohup', ['nohup', 'sh', '-c', WAITING_SHELL], true],
  ['a shell that ignores every signal of a terminal', ['sh', '-c', `trap '' HUP INT QUIT; ${WAITING_SHELL}`], true],
  ['a shell that ignores signals, and not SIGHUP', ['sh', '-c', `trap '' INT QUIT TERM; ${WAITING_SHELL}`], false],
])('under %s', async (_name, command, expected) => {
  await using parent = await startParent(command);
  expect(ignoredUnder(parent.pid)).toBe(expected);
});

test.each([
  ['of a shell', { _: '/usr/bin/npm' }, false],
  ['of nohup', { _: '/usr/bin/nohup' }, true],
  ['that no shell has started', {}, false],
])('under an npm %s', async (_name, env, expected) => {
  await using npm = await startParent([process.execPath, '-e', WAITING_NPM], env);
  expect(ignoredUnder(npm.pid)).toBe(expected);
});

test('under an npm in an environment that names nohup at the end of another variable', async () => {
  await using npm = await startParent([process.execPath, '-e', WAITING_NPM], { LAST_: '/usr/bin/nohup' });
  expect(ignoredUnder(npm.pid)).toBe(false);
});

test('a parent that has ended ignores no SIGHUP', async () => {
  const parent = await startParent(['sh', '-c', `trap '' HUP; ${WAITING_SHELL}`]);
  await parent[Symbol.asyncDispose]();
  expect(ignoredUnder(parent.pid)).toBe(false);
});
