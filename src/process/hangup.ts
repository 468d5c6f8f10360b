import { readFileSync } from 'node:fs';

/** The bit of SIGHUP in a signal mask of `/proc/PID/status`. */
const SIGHUP_BIT = 1n;
/** `O_ACCMODE` and `O_WRONLY` of open(2). */
const ACCESS_MODE = 0o3;
const WRITE_ONLY = 0o1;

/**
 * Whether the parent asked for SIGHUP to be ignored. Node resets the disposition of SIGHUP before any JavaScript runs
 * (`ResetSignalHandlers` in node.cc), so the process itself cannot read it. Three traces remain:
 *
 * - bash and zsh leave the path of the program they start in `_`, and `nohup` passes it on;
 * - `nohup` opens standard input for writing alone where it was a terminal (coreutils, nohup.c);
 * - the parent process, such as a shell script with `trap '' HUP`, ignores SIGHUP itself.
 *
 * The last two need `/proc`, so Linux.
 */
export function hangupIgnored(launcher: string | undefined): boolean {
  return /(?:^|\/)nohup$/.test(launcher ?? '') || isInputWriteOnly() || isIgnoredByParent();
}

function isInputWriteOnly(): boolean {
  const flags = field('/proc/self/fdinfo/0', 'flags');
  return flags !== undefined && (Number.parseInt(flags, 8) & ACCESS_MODE) === WRITE_ONLY;
}

function isIgnoredByParent(): boolean {
  const mask = field(`/proc/${process.ppid}/status`, 'SigIgn');
  return mask !== undefined && (BigInt(`0x${mask}`) & SIGHUP_BIT) !== 0n;
}

/** One value of a file of lines `name:<tab>value`; undefined where there is no such file. */
function field(path: string, name: string): string | undefined {
  try {
    return new RegExp(`^${name}:\\s*(\\w+)$`, 'm').exec(readFileSync(path, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}
