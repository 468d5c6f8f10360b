import { closeSync, constants, createWriteStream, openSync } from 'node:fs';
import { WriteStream } from 'node:tty';
import { expect, test } from 'vitest';
import { outputOf } from '../../src/process/output.ts';
import { Terminal } from '../../src/process/terminal.ts';
import { UnreadTerminal } from '../support/unread-terminal.ts';

test('a terminal that is not read stops no event loop: lines wait, and are shown once it is read', async () => {
  await using unread = await UnreadTerminal.open();
  const fd = openSync(unread.path, constants.O_RDWR | constants.O_NOCTTY);
  const stream = Object.assign(new WriteStream(fd), { fd });
  const output = outputOf(stream);
  // Node's own stream writes to a terminal in blocking mode: this test would not return.
  expect(output).toBeInstanceOf(Terminal);
  const text = `${'x'.repeat(99)}\n`.repeat(2_000);
  output.write(text);
  expect(output.writableLength).toBeGreaterThan(text.length / 2);
  expect(await unread.read(text.length)).toBe(text);
  stream.destroy();
});

test('a stream has one output, so that the lines of two writers wait in one order', () => {
  const fd = openSync('/dev/null', 'w');
  const stream = Object.assign(createWriteStream('', { fd }), { fd });
  expect(outputOf(stream)).toBe(outputOf(stream));
  expect(outputOf(stream)).toBe(stream);
  stream.destroy();
});

test('an error goes to the writer of the lost line, and is no uncaught error', async () => {
  const fd = openSync('/dev/full', 'w');
  const output = outputOf(Object.assign(createWriteStream('', { fd, autoClose: false }), { fd }));
  const { promise, resolve } = Promise.withResolvers<unknown>();
  output.write('lost\n', resolve);
  expect(await promise).toMatchObject({ code: 'ENOSPC' });
  closeSync(fd);
});
