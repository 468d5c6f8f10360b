#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

/**
 * `npx video-task-gateway`: starts the gateway, or the demo. Exits with 1 on an unsupported Node, and with 2 for an unknown
 * option. Modules of the gateway load after the check of Node, because they need an API or a syntax that an older one lacks.
 */
requireNode(process.version);
const { demo, help, version } = readOptions();
if (help) {
  const { helpText } = await import('./config/help-text.ts');
  process.stdout.write(helpText());
} else if (version) {
  const manifest: { version: string } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  process.stdout.write(`${manifest.version}\n`);
} else {
  await (demo ? import('./demo.ts') : import('./main.ts'));
}

/** The versions are the `engines` of package.json. */
function requireNode(version: string): void {
  const [major = 0, minor = 0] = version.slice(1).split('.').map(Number);
  if (major >= 26 || (major === 24 && minor >= 9)) return;
  process.stderr.write(`Node 24.9 or 26 is needed, this is ${version}.\n`);
  process.exit(1);
}

interface Options {
  readonly demo?: boolean;
  readonly help?: boolean;
  readonly version?: boolean;
}

function readOptions(): Options {
  try {
    return parseArgs({
      options: { demo: { type: 'boolean' }, help: { type: 'boolean', short: 'h' }, version: { type: 'boolean' } },
    }).values;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\nTry --help.\n`);
    return process.exit(2);
  }
}
