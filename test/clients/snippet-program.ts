import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { killAtExit } from '../support/child-processes.ts';

/** The files of an application, by name. */
export type Files = Readonly<Record<string, string>>;

/** A folder of modules beside the clients, so that they find their packages. Disposing of it removes it. */
export async function snippetFolder(files: Files): Promise<{ readonly path: string } & AsyncDisposable> {
  const folder = await mkdtempDisposable(join(import.meta.dirname, 'node_modules/.snippet-'));
  const written = Object.entries({ 'package.json': '{"type":"module"}', ...files });
  await Promise.all(written.map(([name, code]) => writeFile(join(folder.path, name), code)));
  return { path: folder.path, [Symbol.asyncDispose]: () => folder.remove() };
}

/** A running `main.js`. Disposing of it ends it. */
export interface SnippetProgram extends AsyncDisposable {
  /** Resolves when the text that it has printed on standard output matches. */
  prints(pattern: RegExp): Promise<void>;
  /** Resolves to all that it has written on standard error, when it has ended by itself. */
  readonly warnings: Promise<string>;
}

/** Runs the `main.js` of these files. */
export async function startProgram(files: Files): Promise<SnippetProgram> {
  const folder = await snippetFolder(files);
  const child = spawn(process.execPath, [join(folder.path, 'main.js')], { stdio: ['ignore', 'pipe', 'pipe'] });
  killAtExit(child);
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    printed += piece;
  });
  return {
    async prints(pattern) {
      while (!pattern.test(printed)) await once(child.stdout, 'data');
    },
    warnings: text(child.stderr),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await folder[Symbol.asyncDispose]();
    },
  };
}
