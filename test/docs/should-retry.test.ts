import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { createClient } from 'graphql-ws';
import { describe, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { startPair } from '../support/gateway.ts';
import { ROOT } from './markdown.ts';

const run = promisify(execFile);
const SHOULD_RETRY = /shouldRetry: (\(problem\) => .*?)(?:,\n|,? \/\/|`)/g;
const texts = await Promise.all(
  ['README.md', 'docs/clients.md', 'examples/node-backend/page.js'].map((file) => readFile(join(ROOT, file), 'utf8')),
);
/** The one of examples/react is a function of its own, because it has types. */
const react = (await import(pathToFileURL(join(ROOT, 'examples/react/src/socket.ts')).href)) as {
  readonly shouldRetry: (problem: unknown) => boolean;
};
const documented = [
  ...new Set(texts.flatMap((text) => Array.from(text.matchAll(SHOULD_RETRY), ([, code = '']) => code))),
  react.shouldRetry.toString(),
];

describe.each(documented)('the documented shouldRetry %s', (code) => {
  const shouldRetry = async (): Promise<(error: unknown) => boolean> => {
    const source = `export const shouldRetry = ${code};`;
    const module = (await import(`data:text/javascript,${encodeURIComponent(source)}`)) as {
      shouldRetry: (error: unknown) => boolean;
    };
    return module.shouldRetry;
  };

  test('retries a connection that closed', async () => {
    expect((await shouldRetry())(new CloseEvent('close', { code: 1006 }))).toBe(true);
    expect((await shouldRetry())(new CloseEvent('close', { code: 1012 }))).toBe(true);
  });

  test('retries a connection that could not open', async () => {
    expect((await shouldRetry())(new Event('error'))).toBe(true);
  });

  test('ends with an error that is no close event, instead of retrying it for ever', async () => {
    const retry = await shouldRetry();
    expect(retry(new TypeError('Do not know how to serialize a BigInt'))).toBe(false);
    await using pair = await startPair();
    // A process of its own: the fault is an endless loop of microtasks, which no time-out of the test could end.
    const program = `
      import { createClient } from 'graphql-ws';
      import { WebSocket } from 'ws';
      const url = ${JSON.stringify(`${pair.gateway.url.replace('http', 'ws')}/graphql`)};
      const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 8, shouldRetry: ${code} });
      const query = 'subscription ($id: ID!) { taskStatus(id: $id) { status } }';
      client.iterate({ query, variables: { id: 1n } }).next().catch((error) => {
        console.log(error.message);
        process.exit(0);
      });`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: ROOT,
      timeout: 20_000,
    });
    expect(stdout).toMatch(/BigInt/);
  });
});

test('finds them in the documents and in the example', () => {
  expect(texts.flatMap((text) => [...text.matchAll(SHOULD_RETRY)])).toHaveLength(4);
});

test.each([
  ['a retry of close events with a numeric code alone gives up', 1, (problem: unknown) => codeOf(problem) !== null],
  ['the documented one tries again', 3, react.shouldRetry],
])('while no gateway listens, %s', async (_name, connections, shouldRetry) => {
  const url = `ws://127.0.0.1:${await freePort()}/graphql`;
  let tried = 0;
  const connecting = () => {
    tried += 1;
  };
  const client = createClient({ url, retryAttempts: 2, retryWait: async () => {}, shouldRetry, on: { connecting } });
  // The standard of WebSockets (https://websockets.spec.whatwg.org/#feedback-from-the-protocol): `error`, then `close`.
  await expect(client.iterate({ query: '{ __typename }' }).next()).rejects.toMatchObject({ type: 'error' });
  expect(tried).toBe(connections);
});

function codeOf(problem: unknown): number | null {
  const { code } = problem as { readonly code?: unknown };
  return typeof code === 'number' ? code : null;
}
