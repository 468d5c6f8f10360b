import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A program the tests need and npm does not bring. */
interface Tool {
  /** The name in messages. */
  readonly title: string;
  /** The names it goes by on PATH, the preferred one first. */
  readonly programs: readonly string[];
  /** The Debian package that brings it. */
  readonly debianPackage: string;
}

const tools = {
  redis: {
    title: 'a Redis or Valkey server',
    programs: ['redis-server', 'valkey-server'],
    debianPackage: 'redis-server',
  },
  chromium: {
    title: 'Chromium',
    programs: ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    debianPackage: 'chromium-headless-shell',
  },
  prometheus: {
    title: 'Prometheus',
    programs: ['prometheus'],
    debianPackage: 'prometheus',
  },
  promtool: {
    title: 'promtool',
    programs: ['promtool'],
    debianPackage: 'prometheus',
  },
  faketime: { title: 'libfaketime', programs: ['faketime'], debianPackage: 'faketime' },
  curl: { title: 'curl', programs: ['curl'], debianPackage: 'curl' },
  python: { title: 'Python', programs: ['python3'], debianPackage: 'python3-minimal' },
} as const satisfies Record<string, Tool>;

/** Names of the tools. */
export type ToolName = keyof typeof tools;

/** The path of a tool on PATH. Without one it throws an error that names the package to install. */
export function findTool(name: ToolName): string {
  const path = programOnPath(tools[name].programs);
  if (path === undefined) throw new Error(advice([tools[name]]));
  return path;
}

/** Installs missing tools where this process may. Otherwise exits with one line that names the packages. */
function provideTools(): void {
  if (missingTools().length > 0 && process.getuid?.() === 0 && programOnPath(['apt-get']) !== undefined) {
    const packages = packagesOf(missingTools());
    console.error(`Installing with apt-get: ${packages.join(' ')}`);
    aptGet('update');
    aptGet('install', '--yes', '--no-install-recommends', ...packages);
  }
  if (missingTools().length === 0) return;
  console.error(advice(missingTools()));
  process.exitCode = 1;
}

function missingTools(): Tool[] {
  return Object.values(tools).filter((tool) => programOnPath(tool.programs) === undefined);
}

/** The packages of these tools; one package may bring several. */
function packagesOf(missing: readonly Tool[]): string[] {
  return [...new Set(missing.map((tool) => tool.debianPackage))];
}

function advice(missing: readonly Tool[]): string {
  const titles = missing.map((tool) => `${tool.title} (${tool.programs.join(', ')})`).join(' and ');
  const packages = packagesOf(missing).join(' ');
  return `The tests need ${titles} on PATH. On Debian or Ubuntu: apt-get install ${packages}`;
}

function aptGet(...args: readonly string[]): void {
  // RUNLEVEL=1 keeps the package from starting a Redis of its own as a service.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  spawnSync('apt-get', ['-qq', ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] });
}

function programOnPath(programs: readonly string[]): string | undefined {
  const directories = (process.env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== '');
  return programs.flatMap((program) => directories.map((directory) => join(directory, program))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

if (import.meta.main) provideTools();
