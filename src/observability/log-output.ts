import type { Writable } from 'node:stream';
import type { DestinationStream } from 'pino';

/** Log lines wait for a slow reader up to this many bytes, so that a reader that has stopped costs no more memory. */
const MAX_PENDING_BYTES = 1024 * 1024;

/**
 * Writes log lines to standard error; an error of standard error never ends or blocks the process. A line that cannot
 * be written (a full disk, a closed pipe) is dropped and counted. A line is also dropped and counted while 1 MiB of
 * earlier lines waits for the reader of a pipe. The next line is tried again, so that logging resumes by itself. A line
 * is written at once if the file, the pipe or the terminal accepts it, so that the last line before an exit is not
 * lost.
 */
export class LogOutput implements DestinationStream {
  readonly #stream: Writable;
  #dropped = 0;

  /** @param stream `process.stderr`: unlike pino's own destination it never blocks the process on a full pipe. */
  constructor(stream: Writable) {
    this.#stream = stream;
    // Without a listener the first error ends the process. The callback of each line counts it. One listener serves all
    // gateways of a process.
    if (!stream.listeners('error').includes(ignore)) stream.on('error', ignore);
  }

  /** Lines dropped since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  write(line: string): void {
    if (this.#stream.writableLength >= MAX_PENDING_BYTES) this.#dropped += 1;
    else this.#stream.write(line, this.#written);
  }

  readonly #written = (error?: Error | null): void => {
    if (error) this.#dropped += 1;
  };
}

function ignore(): void {}
