#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

/** `npx video-task-gateway`: starts the gateway, or the demo. Exits with 2 for an unknown option. */
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
