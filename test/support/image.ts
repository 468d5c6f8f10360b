import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtempDisposable, readFile, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { contained } from './container.ts';
import { execForm, pairsOf, readDockerfile, type Stage, valuesOf } from './dockerfile.ts';
import type { WayOfStarting } from './started-server.ts';

const ROOT = join(import.meta.dirname, '../..');
const run = promisify(execFile);

/** What the Dockerfile makes, without the base image. */
export interface Image extends AsyncDisposable {
  /** The directory that becomes `/`. */
  readonly root: string;
  /** The variables that the image sets. */
  readonly env: Readonly<Record<string, string>>;
  /** The entry with these arguments, as a container engine starts it. */
  start(...args: readonly string[]): WayOfStarting;
}

/** Follows the stages of the Dockerfile without an engine: copies and runs what they do, in an empty directory each. */
export async function buildImage(): Promise<Image> {
  const { stages } = readDockerfile(join(ROOT, 'Dockerfile'));
  const directory = await mkdtempDisposable(join(tmpdir(), 'image-'));
  for (const [index, stage] of stages.entries()) await follow(stage, appOf(directory.path, stageName(stage, index)));
  const final = stages.at(-1);
  const root = join(directory.path, stageName(final, stages.length - 1));
  return {
    root,
    env: pairsOf(final, 'ENV'),
    start: (...args) => contained(root, [...execForm(valuesOf(final, 'ENTRYPOINT')[0]), ...args]),
    [Symbol.asyncDispose]: () => directory.remove(),
  };
}

function stageName(stage: Stage | undefined, index: number): string {
  return / AS (\w+)$/.exec(stage?.[0]?.value ?? '')?.[1] ?? String(index);
}

function appOf(directory: string, name: string): string {
  return join(directory, name, 'app');
}

async function follow(stage: Stage, app: string): Promise<void> {
  await mkdir(app, { recursive: true });
  for (const { name, value } of stage) {
    if (name === 'COPY') await copy(value, app);
    else if (name === 'RUN' && value.includes('npm ci --omit=dev')) await installProduction(app);
    else if (name === 'RUN' && value.startsWith('npm ci'))
      await symlink(join(ROOT, 'node_modules'), join(app, 'node_modules'));
    else if (name === 'RUN') await run('sh', ['-c', value], { cwd: app });
  }
}

/** One COPY, from the repository or from an earlier stage. */
async function copy(value: string, app: string): Promise<void> {
  const [, stage, list = ''] = /^(?:--from=(\w+) )?(.*)$/.exec(value) ?? [];
  const sources = list.split(' ');
  const target = sources.pop() ?? '';
  for (const source of sources) {
    const from = stage === undefined ? join(ROOT, source) : join(app, '../..', stage, source);
    await cp(from, join(app, target.endsWith('/') ? source : target), { recursive: true, verbatimSymlinks: true });
  }
}

/** Links the packages that the image installs to the repository's, so that the test needs no registry. */
async function installProduction(app: string): Promise<void> {
  const production = [...productionPackages(await readLock())].filter((path) => existsSync(join(ROOT, path)));
  // Hard links cost no time; another file system, or another cp than GNU's, takes copies.
  await run('cp', ['-al', '--parents', ...production, app], { cwd: ROOT }).catch(async () => {
    for (const path of production) await cp(join(ROOT, path), join(app, path), { recursive: true });
  });
}

interface LockedPackage {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

type Lock = Readonly<Record<string, LockedPackage>>;

async function readLock(): Promise<Lock> {
  const { packages }: { readonly packages: Lock } = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8'));
  return packages;
}

/** The folders in `node_modules` that the dependencies and the optional dependencies of the package need. */
function productionPackages(packages: Lock): ReadonlySet<string> {
  const found = new Set<string>();
  const add = ({ dependencies = {}, optionalDependencies = {} }: LockedPackage): void => {
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const path = `node_modules/${name}`;
      if (found.has(path)) continue;
      found.add(path);
      for (const [inner, locked] of Object.entries(packages))
        if (inner === path || inner.startsWith(`${path}/node_modules/`)) add(locked);
    }
  };
  add(packages[''] ?? {});
  return found;
}
