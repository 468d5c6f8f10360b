import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { generate } from '@graphql-codegen/cli';
import { preset } from '@graphql-codegen/client-preset';
import { expect, test } from 'vitest';
import { snippet } from '../docs/snippet.ts';
import { WATCH } from './subscription.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');
const TSC = join(ROOT, 'node_modules/.bin/tsc');

/** An application that uses the generated types: the compiler has to find an error on each marked line. */
const APPLICATION = `
import type { ResultOf } from '@graphql-typed-document-node/core';
import { graphql } from './generated/gql.js';

export const Watch = graphql(/* GraphQL */ \`${WATCH}\`);
type Task = ResultOf<typeof Watch>['taskStatus'];
export const label = ({ id, status, progress, resultUrl }: Task): string =>
  status === 'SUCCESS' ? String(resultUrl) : id + (progress ?? 0).toFixed();
// @ts-expect-error: progress may be null
export const next = ({ progress }: Task): number => progress + 1;
// @ts-expect-error: it was not selected
export const message = ({ message }: Task) => message;
// @ts-expect-error: there is no such status
export const finished = ({ status }: Task) => status === 'DONE';
// @ts-expect-error: a URL is a string, by the scalars below
export const url = ({ resultUrl }: Task): number | null => resultUrl;
`;

/** The settings of docs/clients/settings.md. */
async function documentedConfig(): Promise<object> {
  const text = await snippet('docs/clients/settings.md', 'Code Generator', 'ts');
  const module = (await import(
    `data:text/javascript,${encodeURIComponent(`export const { config } = {${text}};`)}`
  )) as {
    readonly config: object;
  };
  return module.config;
}

test('Code Generator 7, client preset: generates types that compile and say what the schema says', async () => {
  const folder = await mkdtemp(join(import.meta.dirname, 'node_modules/.generated-'));
  try {
    const application = join(folder, 'application.ts');
    const generated = join(folder, 'generated/');
    await mkdir(generated);
    await writeFile(application, APPLICATION);
    await generate({
      schema: join(ROOT, 'schema.graphql'),
      documents: application,
      generates: {
        [generated]: {
          preset,
          config: { ...(await documentedConfig()), useTypeImports: true, enumsAsTypes: true },
        },
      },
      silent: true,
    });
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'esnext', '--moduleResolution', 'bundler'];
    const tsc = run(TSC, ['--ignoreConfig', ...options, '--types', '', application]);
    await expect(tsc).resolves.toMatchObject({ stdout: '' });
  } finally {
    await rm(folder, { recursive: true });
  }
});
