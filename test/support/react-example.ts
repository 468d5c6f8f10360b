import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { build, preview } from 'vite';

const ROOT = join(import.meta.dirname, '../..');
const CLIENTS = join(ROOT, 'test/clients');
const EXAMPLE = join(ROOT, 'examples/react');

/** The fields of a package.json that name packages. */
interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** Vite's plugin for React refreshes components in development alone, so that no build of a test needs it. */
const NOT_INSTALLED = '@vitejs/plugin-react';

/**
 * The packages of the example that the tests install anyway, each with the version that the example asks for, the one
 * that is installed, and its folder. A package that the tests do not install has no folder.
 */
export async function packagesOfExample(): Promise<
  { name: string; asked: string; installed?: string; path: string }[]
> {
  const [example, root, clients] = await Promise.all([EXAMPLE, ROOT, CLIENTS].map(dependenciesOf));
  return Object.entries(example ?? {})
    .filter(([name]) => name !== NOT_INSTALLED)
    .map(([name, asked]) => {
      const owner = root?.[name] ? ROOT : CLIENTS;
      const installed = (root?.[name] ?? clients?.[name]) as string;
      return { name, asked, installed, path: join(owner, 'node_modules', name) };
    });
}

async function dependenciesOf(folder: string): Promise<Readonly<Record<string, string>>> {
  const { dependencies, devDependencies } = JSON.parse(
    await readFile(join(folder, 'package.json'), 'utf8'),
  ) as Manifest;
  return { ...dependencies, ...devDependencies };
}

/** A copy of `examples/react` that has been type-checked and built, in a temporary folder. */
export interface BuiltExample extends AsyncDisposable {
  /** Serves the page on a free port; the page's requests to `/graphql` go to this gateway. */
  serve(gatewayUrl: string): Promise<AsyncDisposable & { readonly url: string }>;
}

/** Builds the example with the packages of the tests instead of its own. */
export async function buildReactExample(): Promise<BuiltExample> {
  const root = await mkdtemp(join(tmpdir(), 'react-example-'));
  await cp(join(EXAMPLE, 'src'), join(root, 'src'), { recursive: true });
  await cp(join(EXAMPLE, 'index.html'), join(root, 'index.html'));
  await writeFile(
    join(root, 'tsconfig.json'),
    JSON.stringify({ extends: join(EXAMPLE, 'tsconfig.json'), include: ['src'] }),
  );
  for (const { name, path } of await packagesOfExample()) {
    const link = join(root, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(path, link);
  }
  await promisify(execFile)(join(ROOT, 'node_modules/.bin/tsc'), ['-p', root]);
  const config = { root, configFile: false, logLevel: 'silent' } as const;
  await build({ ...config, resolve: { dedupe: ['graphql', 'graphql-ws'] } });
  return {
    serve: async (target) => {
      const proxy = { '/graphql': { target, ws: true } };
      const server = await preview({ ...config, preview: { host: '127.0.0.1', port: 0, proxy } });
      return { url: server.resolvedUrls?.local[0] ?? '', [Symbol.asyncDispose]: () => server.close() };
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}
