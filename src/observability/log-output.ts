import type { DestinationStream } from 'pino';
import type { Output } from '../process/output.ts';

/** Log lines wait for a slow reader up to this many bytes, so that a reader that has stopped costs no more memory. */
const MAX_PENDING_BYTES = 1024 * 1024;

/**
 * Writes log lines to standard error; an error of standard error never ends or blocks the process. A line that cannot
 * be written (a full disk, a closed pipe) is dropped and counted. A line is also dropped and counted while 1 MiB of
 * earlier lines waits for the reader of a pipe or a terminal. The next line is tried again, so that logging resumes by
 * itself. A line is written at once if the file, the pipe or the terminal accepts it, so that the last line before an exit
 * is not lost.
 */
export class LogOutput implements DestinationStream {
  readonly #output: Output;
  #dropped = 0;

  /** @param output standard error: unlike pino's own destination it never blocks the process on a full pipe. */
  constructor(output: Output) {
    this.#output = output;
  }

  /** Lines dropped since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  write(line: string): void {
    if (this.#output.writableLength >= MAX_PENDING_BYTES) this.#dropped += 1;
    else this.#output.write(line, this.#written);
  }

  readonly #written = (error?: Error | null): void => {
    if (error) this.#dropped += 1;
  };
}
