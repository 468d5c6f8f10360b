import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findTool } from './tools.ts';

/** Where Linux shows the shared memory and the semaphores of POSIX as files. */
const SHARED_MEMORY = '/dev/shm';

/**
 * A wall clock of a process of its own, by libfaketime, that steps while the process runs. The monotonic clock stays
 * true, as it does when an administrator or NTP sets the time. https://github.com/wolfcw/libfaketime
 */
export class FakeClock implements AsyncDisposable {
  /** The environment of the process with this clock. */
  readonly env: Readonly<Record<string, string>>;
  readonly #directory: string;

  private constructor(directory: string, library: string) {
    this.#directory = directory;
    this.env = {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: join(directory, 'offset'),
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
  }

  /** A clock that starts right. */
  static async create(): Promise<FakeClock> {
    await removeOrphans();
    // The wrapper knows where its library is.
    const { stdout } = await promisify(execFile)(findTool('faketime'), ['-m', '-f', '+0', 'printenv', 'LD_PRELOAD']);
    const clock = new FakeClock(await mkdtemp(join(tmpdir(), 'clock-')), stdout.trim());
    await clock.step(0);
    return clock;
  }

  /** Sets the clock so many seconds off the true time, from now on. */
  async step(seconds: number): Promise<void> {
    const file = join(this.#directory, 'offset');
    // Renamed into place, because the process may read at any moment.
    await writeFile(`${file}.new`, `${seconds < 0 ? '' : '+'}${seconds}\n`);
    await rename(`${file}.new`, file);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
    await removeOrphans();
  }
}

/**
 * Removes the shared memory of killed processes. libfaketime names it by the id of the process, and does not start in
 * a later process of the same id.
 */
async function removeOrphans(): Promise<void> {
  for (const name of await readdir(SHARED_MEMORY)) {
    const id = /^(?:sem\.faketime_sem|faketime_shm)_(\d+)$/.exec(name)?.[1];
    if (id !== undefined && !existsSync(`/proc/${id}`)) {
      await rm(join(SHARED_MEMORY, name), { force: true });
    }
  }
}
