import { lstatSync, mkdirSync, type Stats } from 'node:fs';
import { enableCompileCache } from 'node:module';

const PRIVATE_MODE = 0o700;
const WRITABLE_BY_OTHERS = 0o022;
const ROOT_UID = 0;

/**
 * Compiles the modules that are loaded from here on once, not at every start. Node runs the code it finds in the directory,
 * so the directory has to be private; else the cache stays off. Returns whether the cache is on.
 */
export function enablePrivateCompileCache(directory: string): boolean {
  try {
    mkdirSync(directory, { recursive: true, mode: PRIVATE_MODE });
    if (!isPrivate(lstatSync(directory), process.getuid?.())) return false;
  } catch {
    // The installation is read-only, or a file stands in the directory's place.
    return false;
  }
  return enableCompileCache(directory).directory !== undefined;
}

/** A directory, no link to one, that belongs to the user or to root and that no other user may write. */
export function isPrivate(stats: Pick<Stats, 'isDirectory' | 'uid' | 'mode'>, uid: number | undefined): boolean {
  if (!stats.isDirectory()) return false;
  // Windows has neither owner nor mode; the directory inherits the access list of the installation.
  if (uid === undefined) return true;
  return (stats.uid === uid || stats.uid === ROOT_UID) && (stats.mode & WRITABLE_BY_OTHERS) === 0;
}
