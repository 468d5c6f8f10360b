// Packs the built package and checks the tarball: its size, its manifest (publint), and its types (are-the-types-wrong).
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MAX_BYTES = 250_000;
const directory = mkdtempSync(join(tmpdir(), 'package-'));
try {
  const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', directory]);
  const [{ filename, size }] = Object.values(JSON.parse(String(packed)));
  const tarball = join(directory, filename);
  if (size >= MAX_BYTES) throw new Error(`the package has ${size} bytes, and may have fewer than ${MAX_BYTES}`);
  run('publint', ['run', tarball, '--strict']);
  run('attw', [
    tarball,
    '--profile',
    'esm-only',
    '--quiet',
    '--exclude-entrypoints',
    './schema.graphql',
    './schema.subgraph.graphql',
  ]);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

function run(tool, args) {
  try {
    execFileSync(join('node_modules/.bin', tool), args);
  } catch (error) {
    throw new Error(`${tool} refuses the package:\n${error.stdout}${error.stderr}`, { cause: error });
  }
}
