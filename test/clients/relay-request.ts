import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { ConcreteRequest } from 'relay-runtime';

const run = promisify(execFile);
const COMPILER = join(import.meta.dirname, 'node_modules/relay-compiler/cli.js');
const SCHEMA = join(import.meta.dirname, '../../schema.graphql');
/** relay-compiler compiles no source within `node_modules`, and its paths are relative to the configuration. */
const FOLDER = join(tmpdir(), 'relay-');
const CONFIG = { src: './src', schema: './schema.graphql', language: 'javascript', eagerEsModules: true };

/** relay-compiler demands the name of the module, `watch`, and the kind of the operation. */
const NAME = 'watchSubscription';

/**
 * The subscription with the name `Watch`, as relay-compiler writes it for `schema.graphql`. Rejects with the output of the
 * compiler when it fails.
 */
export async function compileRequest(subscription: string): Promise<ConcreteRequest> {
  const application = `import { graphql } from 'relay-runtime';
export const WATCH = graphql\`${subscription.replace('Watch', NAME)}\`;
`;
  const folder = await mkdtemp(FOLDER);
  try {
    await mkdir(join(folder, 'src'));
    await copyFile(SCHEMA, join(folder, 'schema.graphql'));
    await writeFile(join(folder, 'src/watch.js'), application);
    await writeFile(join(folder, 'relay.config.json'), JSON.stringify(CONFIG));
    await run(process.execPath, [COMPILER, '--noWatchman', 'relay.config.json'], { cwd: folder });
    const path = join(folder, 'src/__generated__', `${NAME}.graphql.js`);
    const artifact: unknown = await import(pathToFileURL(path).href);
    return (artifact as { readonly default: ConcreteRequest }).default;
  } finally {
    await rm(folder, { recursive: true });
  }
}
