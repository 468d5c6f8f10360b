// node .ci/check.mjs [clients]: every static check, side by side, because most of them use one core or wait for the disk.
// `clients` also installs the clients of test/clients and checks their types. Fails if one of them does.
import { spawn } from 'node:child_process';

const clients = process.argv[2] === 'clients' ? ['node test/clients/install.ts', 'tsc -p test/clients'] : [];

/** A command runs once the one before it in its sequence has succeeded. knip reads what the installation writes. */
const SEQUENCES = [
  [...clients, 'knip'],
  ['tsc', 'node src/schema/print.ts --check', 'node .ci/indefinite-words.mjs'],
  ['npm run --silent build', 'node .ci/check-package.mjs'],
  ['biome check --error-on-warnings'],
];

/** Whether all commands succeeded. */
async function runSequence(commands) {
  for (const command of commands) {
    const { status, output } = await run(command);
    if (output.length > 0) process.stdout.write(output);
    if (status === 0) continue;
    console.error(`check failed: ${command}`);
    return false;
  }
  return true;
}

/** Runs a command to its end and keeps its output together. */
function run(command) {
  const child = spawn(command, { shell: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, output: Buffer.concat(chunks) }));
  });
}

const passed = await Promise.all(SEQUENCES.map(runSequence));
process.exitCode = passed.every(Boolean) ? 0 : 1;
