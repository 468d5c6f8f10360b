import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { WayOfStarting } from './started-server.ts';

/** The user and the group of the image. */
const USER = '1000';
const NAMESPACES = ['--mount', '--pid', '--fork', '--kill-child'] as const;
const OWN_USERS = ['--user', '--map-root-user'] as const;

/**
 * Starts a command as a container engine does, as far as the machine allows it: as PID 1 and an ordinary user, in a
 * read-only root that holds Node, the libraries it loads, `/app`, and no other program, so no shell. Where the kernel
 * allows no namespaces, only the read-only files remain.
 *
 * @param root a directory with `app`, which becomes the working directory; gets mount points beside it
 * @param command begins with `node`
 */
export function contained(root: string, command: readonly string[]): WayOfStarting {
  const privileged = allowed(NAMESPACES);
  const namespaces = privileged ? NAMESPACES : [...OWN_USERS, ...NAMESPACES];
  if (!privileged && !allowed(namespaces)) return readOnly(root, command);
  // A user namespace with one user has no other user to become.
  const user = privileged ? `--setgid ${USER} --setuid ${USER}` : '';
  const enter = `PATH=/usr/local/bin exec ${pathOf('unshare')} --root=${root} --wd=/app ${user} "$@"`;
  const script = [...mounts(root), enter].join('\n');
  return { command: ['unshare', ...namespaces, 'sh', '-ec', script, 'sh', ...command], signalsChild: true };
}

/** The commands that make the root file system, the last of which makes it read-only. */
function mounts(root: string): readonly string[] {
  const programs = [
    [process.execPath, '/usr/local/bin/node'],
    ...librariesOf(process.execPath).map((path) => [path, path]),
  ];
  const bind = ([from = '', to = '']: readonly string[]): string =>
    `mount --rbind ${from} ${mountPoint(root, from, to)}`;
  return [
    `mount --rbind ${root} ${root}`,
    ...[['/dev', '/dev'], ...programs].map(bind),
    // Some containers may not mount it; Node runs without it.
    `mount -t proc proc ${mountPoint(root, '/proc', '/proc')} || true`,
    `mount -o remount,bind,ro ${root}`,
  ];
}

/** Makes an empty file or directory that `path` can be mounted on. */
function mountPoint(root: string, path: string, inside: string): string {
  const point = join(root, inside);
  mkdirSync(statSync(path).isDirectory() ? point : dirname(point), { recursive: true });
  if (!statSync(path).isDirectory()) writeFileSync(point, '');
  return point;
}

function readOnly(root: string, [, ...args]: readonly string[]): WayOfStarting {
  // The files may be links to the repository's.
  execFileSync('find', [join(root, 'app'), '-type', 'd', '-exec', 'chmod', 'a-w', '{}', '+']);
  return { command: ['sh', '-c', 'cd "$0" && exec "$@"', join(root, 'app'), process.execPath, ...args] };
}

function allowed(namespaces: readonly string[]): boolean {
  return spawnSync('unshare', [...namespaces, 'true']).status === 0;
}

function librariesOf(program: string): readonly string[] {
  const listed = execFileSync('ldd', [program], { encoding: 'utf8' });
  return Array.from(listed.matchAll(/(\/\S+) \(0x/g), ([, path = '']) => path);
}

function pathOf(program: string): string {
  return execFileSync('which', [program], { encoding: 'utf8' }).trim();
}
