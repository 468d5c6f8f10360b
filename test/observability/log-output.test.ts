import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempDisposable, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { json } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { LogOutput } from '../../src/observability/log-output.ts';

const MODULE = JSON.stringify(join(import.meta.dirname, '../../src/observability/log-output.ts'));

test('a reader that stopped costs 1 MiB at most and no waiting, and every further line is counted', async () => {
  const program = `import { LogOutput } from ${MODULE};
    const output = new LogOutput(process.stderr);
    for (let line = 0; line < 50_000; line += 1) output.write('x'.repeat(99) + '\\n');
    process.stdout.write(JSON.stringify({ dropped: output.dropped, waiting: process.stderr.writableLength }));
    process.stdout.on('finish', () => process.exit());
    process.stdout.end();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'pipe'] });
  const { dropped, waiting } = (await json(child.stdout)) as { dropped: number; waiting: number };
  child.stderr.resume();
  await once(child, 'exit');
  expect(waiting).toBeLessThanOrEqual(1024 * 1024 + 100);
  expect(dropped).toBeGreaterThan(30_000);
  expect(dropped).toBeLessThan(40_000);
});

test('lines are written again once the file may grow again', async () => {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'log-output-'));
  const program = `import { spawnSync } from 'node:child_process';
    import { LogOutput } from ${MODULE};
    const output = new LogOutput(process.stderr);
    for (const line of [1, 2]) output.write(line + 'x'.repeat(510) + '\\n');
    setImmediate(() => {
      spawnSync('prlimit', ['--pid', String(process.pid), '--fsize=unlimited']);
      output.write('3\\n');
      setImmediate(() => console.log(output.dropped));
    });`;
  const log = join(directory.path, 'log');
  // A limit of one block of 512 bytes.
  const script = 'ulimit -S -f 1; exec "$0" --input-type=module -e "$1" 2>"$2"';
  const { stdout } = spawnSync('sh', ['-c', script, process.execPath, program, log], { encoding: 'utf8' });
  expect(stdout).toBe('1\n');
  expect((await readFile(log, 'utf8')).split('\n').map((line) => line[0])).toEqual(['1', '3', undefined]);
});

test('any number of outputs add one listener to a stream', () => {
  const stream = new Writable();
  for (let count = 0; count < 20; count += 1) new LogOutput(stream);
  expect(stream.listenerCount('error')).toBe(1);
});
