import type { Writable } from 'node:stream';
import { isatty } from 'node:tty';
import { openTerminal } from './terminal.ts';

/** Standard output or standard error of a process that must neither end nor wait for the sake of a line. */
export interface Output {
  /** The bytes that wait for the reader. */
  readonly writableLength: number;
  /** Writes at once if the reader accepts it, else later; never throws. `written` receives the error of a lost line. */
  write(text: string, written?: (error?: Error | null) => void): unknown;
}

const outputs = new WeakMap<Writable, Output>();

/**
 * The output with which a process replaces `process.stdout` or `process.stderr`. An error of the stream is no uncaught
 * error. Node writes to a terminal in blocking mode, and a terminal whose reader has stopped (Ctrl-S, a lost connection)
 * would stop the event loop: hence a writer of its own. A pipe does not block, and a file is as quick as its disk.
 */
export function outputOf(stream: Writable & { readonly fd: number }): Output {
  const known = outputs.get(stream);
  if (known) return known;
  const output = (isatty(stream.fd) ? openTerminal(stream.fd) : null) ?? stream;
  // Without a listener the first error ends the process.
  stream.on('error', () => {});
  outputs.set(stream, output);
  return output;
}
