import { constants, openSync, writeSync } from 'node:fs';

/** How soon a terminal that accepts no more is tried again: one that is read, and one that has stopped. */
const READ_RETRY_MS = 2;
const STOPPED_RETRY_MS = 100;

type Written = (error?: Error | null) => void;

interface Line {
  bytes: Buffer;
  readonly written: Written;
}

/**
 * Opens the terminal behind a file descriptor once more, so that the mode of the new descriptor changes neither the shell's
 * nor any other program's. Null where that is not possible: without `/proc`, or for a terminal of another user.
 */
export function openTerminal(fd: number): Terminal | null {
  try {
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
    return new Terminal(openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY));
  } catch {
    return null;
  }
}

/** Writes to a descriptor in non-blocking mode. Lines that the terminal does not accept wait in order. */
export class Terminal {
  readonly #fd: number;
  readonly #lines: Line[] = [];
  #retry: NodeJS.Timeout | undefined;
  writableLength = 0;

  constructor(fd: number) {
    this.#fd = fd;
  }

  write(text: string, written: Written = () => {}): void {
    const bytes = Buffer.from(text);
    this.#lines.push({ bytes, written });
    this.writableLength += bytes.length;
    if (!this.#retry) this.#flush();
  }

  #flush(): void {
    this.#retry = undefined;
    const before = this.writableLength;
    for (let line = this.#lines[0]; line; line = this.#lines[0]) {
      if (!this.#finish(line)) {
        const delay = this.writableLength < before ? READ_RETRY_MS : STOPPED_RETRY_MS;
        this.#retry = setTimeout(() => this.#flush(), delay).unref();
        return;
      }
      this.#lines.shift();
    }
  }

  /** Whether the line needs no further try: it is written, or lost to an error such as EIO of a closed terminal. */
  #finish(line: Line): boolean {
    try {
      const count = writeSync(this.#fd, line.bytes);
      this.writableLength -= count;
      line.bytes = line.bytes.subarray(count);
      if (line.bytes.length > 0) return false;
      line.written();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false;
      this.writableLength -= line.bytes.length;
      line.written(error as Error);
    }
    return true;
  }
}
