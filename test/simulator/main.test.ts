import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { row } from './ask.ts';

const MAIN = new URL('../../src/simulator/main.ts', import.meta.url).pathname;

test('it runs in a process of its own, says where, and ends on SIGTERM', async () => {
  const child = spawn(process.execPath, [MAIN, '--auto-create', 'load-', '--tokens', 'a,b'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const lines = createInterface({ input: child.stdout });
    const [line] = (await once(lines, 'line')) as [string];
    expect(line).toMatch(/^simulator listening on http:\/\/127\.0\.0\.1:\d+$/);
    const url = line.slice('simulator listening on '.length);
    expect(await row(url, 'load-1', { token: 'b' })).toMatchObject({ status: 'process', process: 0 });
    expect(await row(url, 'other', { token: 'a' })).toBeUndefined();
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
  } finally {
    child.kill('SIGKILL');
  }
});
