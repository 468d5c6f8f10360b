import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = import.meta.dirname;

/** Installs the clients as `package-lock.json` lists them, unless that is done; throws when npm fails. */
export function setup(): void {
  if (modifiedAt('node_modules/.package-lock.json') >= modifiedAt('package-lock.json')) return;
  const npm = spawnSync('npm', ['ci', '--silent', '--no-audit', '--no-fund', '--prefix', FOLDER], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (npm.status !== 0) throw new Error(`npm ci --prefix ${FOLDER} failed`);
}

/** In ms since the epoch; 0 without such a file. */
function modifiedAt(path: string): number {
  return statSync(join(FOLDER, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

if (import.meta.main) setup();
