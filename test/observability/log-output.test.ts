import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempDisposable, readFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { LogOutput } from '../../src/observability/log-output.ts';
import { outputOf } from '../../src/process/output.ts';
import { findTool } from '../support/tools.ts';
import { run } from '../upstream/upstream-server.ts';

const SRC = join(import.meta.dirname, '../../src');
/** A program starts with these lines: `output` is the log on its standard error. */
const PREAMBLE = `import { LogOutput } from ${JSON.stringify(join(SRC, 'observability/log-output.ts'))};
  import { outputOf } from ${JSON.stringify(join(SRC, 'process/output.ts'))};
  const standardError = outputOf(process.stderr);
  const output = new LogOutput(standardError);`;
const LATE_READER = join(import.meta.dirname, '../support/late-reader.py');

test('a reader that stopped costs 1 MiB at most and no waiting, and every further line is counted', async () => {
  const program = `${PREAMBLE}
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
  const program = `${PREAMBLE}
    import { spawnSync } from 'node:child_process';
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

test('a terminal that is not read costs the same and no waiting, and shows whole lines once it is read', () => {
  const program = `${PREAMBLE}
    for (let line = 0; line < 20_000; line += 1) output.write('x'.repeat(99) + '\\n');
    console.log(JSON.stringify({ dropped: output.dropped, waiting: standardError.writableLength }));
    setInterval(() => standardError.writableLength || process.exit(), 10);`;
  const command = [LATE_READER, process.execPath, '--input-type=module', '-e', program];
  const { stdout } = spawnSync(findTool('python'), command, {
    encoding: 'utf8',
    maxBuffer: 8 * 1024 * 1024,
    timeout: 60_000,
  });
  const [report = '', ...lines] = stdout.trimEnd().split('\n');
  const { dropped, waiting } = JSON.parse(report) as { dropped: number; waiting: number };
  expect(waiting).toBeLessThanOrEqual(1024 * 1024 + 100);
  expect(dropped).toBeGreaterThan(9_000);
  expect(lines).toHaveLength(20_000 - dropped);
  expect(lines.filter((line) => line !== 'x'.repeat(99))).toEqual([]);
});

/** A log whose lines go over a connection, and the far end of that connection, which nobody reads yet. */
async function openLog() {
  const server = createServer();
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const running = await run(server);
  const stream = connect(running.port, '127.0.0.1');
  const [[reader]] = await Promise.all([accepted, once(stream, 'connect')]);
  const output = new LogOutput(outputOf(Object.assign(stream, { fd: -1 })));
  return { output, stream, reader, [Symbol.asyncDispose]: () => running[Symbol.asyncDispose]() };
}

test('once a stopped reader reads on, what waited arrives whole, further lines are written, and the count stays', async () => {
  await using log = await openLog();
  const { output, stream, reader } = log;
  const line = `${'x'.repeat(1_023)}\n`;
  let lines = 0;
  for (; output.dropped < 100 && lines < 50_000; lines += 1) output.write(line);
  expect(stream.writableLength).toBeGreaterThanOrEqual(1024 * 1024);
  expect(stream.writableLength).toBeLessThan(1024 * 1024 + line.length);
  let shown = '';
  reader.on('data', (chunk) => {
    shown += String(chunk);
  });
  await once(stream, 'drain');
  output.write('the last line\n');
  await expect.poll(() => shown.endsWith('the last line\n')).toBe(true);
  expect(shown).toBe(`${line.repeat(lines - 100)}the last line\n`);
  expect(output.dropped).toBe(100);
});

test('lines for a reader that has gone are counted, and end nothing', async () => {
  await using log = await openLog();
  const closed = once(log.stream, 'close').catch(() => {});
  log.reader.resetAndDestroy();
  await closed;
  for (let line = 0; line < 3; line += 1) log.output.write('lost\n');
  await expect.poll(() => log.output.dropped).toBe(3);
});
