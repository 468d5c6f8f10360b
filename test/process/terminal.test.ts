import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openTerminal, Terminal } from '../../src/process/terminal.ts';
import { UnreadTerminal } from '../support/unread-terminal.ts';

const { O_NOCTTY, O_NONBLOCK, O_WRONLY } = constants;
/** More than a terminal takes before it is read. */
const LINES = Array.from({ length: 2_000 }, (_, number) => `${String(number).padEnd(99, 'x')}\n`);

/** The far side of a terminal, and a writer to it. */
async function openPair() {
  await using stack = new AsyncDisposableStack();
  const unread = stack.use(await UnreadTerminal.open());
  const fd = openSync(unread.path, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  stack.defer(() => closeSync(fd));
  const owned = stack.move();
  return { unread, terminal: new Terminal(fd), [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Writes all lines; resolves to the error code of each that is lost, and null for each that is written. */
function writeAll(terminal: Terminal): Promise<(string | null)[]> {
  const written = LINES.map((line) => {
    const { promise, resolve } = Promise.withResolvers<string | null>();
    terminal.write(line, (error) => resolve(error ? ((error as NodeJS.ErrnoException).code ?? '') : null));
    return promise;
  });
  return Promise.all(written);
}

test('a line that the terminal accepts is written at once, so that the last one before an exit is not lost', async () => {
  await using pair = await openPair();
  const written: unknown[] = [];
  pair.terminal.write('the last line\n', (error) => written.push(error));
  expect(written).toEqual([undefined]);
  expect(pair.terminal.writableLength).toBe(0);
  expect(await pair.unread.read(14)).toBe('the last line\n');
});

test('lines for a terminal that is not read wait, and appear whole and in order once it is read', async () => {
  await using pair = await openPair();
  const written = writeAll(pair.terminal);
  const waiting = pair.terminal.writableLength;
  expect(waiting).toBeGreaterThan(LINES.join('').length / 2);
  pair.terminal.write('a line without a callback\n');
  expect(pair.terminal.writableLength).toBe(waiting + 26);
  const expected = `${LINES.join('')}a line without a callback\n`;
  expect(await pair.unread.read(expected.length)).toBe(expected);
  expect(new Set(await written)).toEqual(new Set([null]));
  expect(pair.terminal.writableLength).toBe(0);
});

test('lines that wait for a terminal that closes are lost with EIO, and none waits any more', async () => {
  await using pair = await openPair();
  const written = writeAll(pair.terminal);
  await pair.unread[Symbol.asyncDispose]();
  const codes = await written;
  const lost = codes.indexOf('EIO');
  expect(lost).toBeGreaterThan(0);
  expect(new Set(codes.slice(0, lost))).toEqual(new Set([null]));
  expect(new Set(codes.slice(lost))).toEqual(new Set(['EIO']));
  expect(pair.terminal.writableLength).toBe(0);
});

test('opening a terminal once more leaves the mode of the given descriptor to its other programs', async () => {
  await using unread = await UnreadTerminal.open();
  const fd = openSync(unread.path, O_WRONLY | O_NOCTTY);
  const flags = () => /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
  const before = flags();
  const terminal = openTerminal(fd);
  expect(terminal).toBeInstanceOf(Terminal);
  expect(flags()).toBe(before);
  expect(Number.parseInt(before ?? '', 8) & O_NONBLOCK).toBe(0);
  closeSync(fd);
  terminal?.write('shown\n');
  expect(await unread.read(6)).toBe('shown\n');
});

test('a descriptor that cannot be opened once more has no terminal', () => {
  const fd = openSync('/dev/null', O_WRONLY);
  closeSync(fd);
  expect(openTerminal(fd)).toBeNull();
});
