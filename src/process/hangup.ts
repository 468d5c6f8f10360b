import { readFileSync } from 'node:fs';

/** The bit of SIGHUP in a signal mask of `/proc/PID/status`. */
const SIGHUP_BIT = 1n;
/** `O_ACCMODE` and `O_WRONLY` of open(2). */
const ACCESS_MODE = 0o3;
const WRITE_ONLY = 0o1;

/**
 * Whether the parent asked for SIGHUP to be ignored. Node resets the disposition of SIGHUP before any JavaScript runs
 * (`ResetSignalHandlers` in node.cc), so the process itself cannot read it. Four traces remain:
 *
 * - bash and zsh leave the path of the program they start in `_`, and `nohup` passes it on;
 * - `nohup` opens standard input for writing alone where it was a terminal (coreutils, nohup.c);
 * - the parent process, such as a shell script with `trap '' HUP`, ignores SIGHUP itself;
 * - npm, a Node program with the same reset, was started by `nohup` or by a parent that ignores SIGHUP.
 *
 * The last three need `/proc`, so Linux.
 */
export function hangupIgnored(launcher: string | undefined): boolean {
  return isNohup(launcher) || isInputWriteOnly() || isIgnoredAbove(process.ppid);
}

function isNohup(launcher: string | undefined): boolean {
  return /(?:^|\/)nohup$/.test(launcher ?? '');
}

function isInputWriteOnly(): boolean {
  const flags = field('self/fdinfo/0', 'flags');
  return flags !== undefined && (Number.parseInt(flags, 8) & ACCESS_MODE) === WRITE_ONLY;
}

/** Looks at the parent, and above each npm at the parent of npm: `nohup npm start`, or npm in a script under `nohup`. */
function isIgnoredAbove(parent: number): boolean {
  const ignored = field(`${parent}/status`, 'SigIgn') ?? '0';
  if ((BigInt(`0x${ignored}`) & SIGHUP_BIT) !== 0n) return true;
  if (!/^npm\b/.test(read(`${parent}/comm`))) return false;
  const launcher = /(?:^|\0)_=([^\0]*)/.exec(read(`${parent}/environ`))?.[1];
  return isNohup(launcher) || isIgnoredAbove(Number(field(`${parent}/status`, 'PPid') ?? 0));
}

/** One value of a file of lines `name:<tab>value` in `/proc`; undefined where there is no such file. */
function field(path: string, name: string): string | undefined {
  return new RegExp(`^${name}:\\s*(\\w+)$`, 'm').exec(read(path))?.[1];
}

/** A file in `/proc`; empty where there is none. */
function read(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return '';
  }
}
