import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { startPair } from '../support/gateway.ts';
import { ROOT } from './markdown.ts';

const run = promisify(execFile);
const SHOULD_RETRY = /shouldRetry: (\(problem\) => .*?)(?:,\n|,? \/\/|`)/g;
const texts = await Promise.all(
  ['README.md', 'docs/clients.md', 'docs/clients/settings.md', 'examples/react/src/socket.ts'].map((file) =>
    readFile(join(ROOT, file), 'utf8'),
  ),
);
const documented = [...new Set(texts.flatMap((text) => Array.from(text.matchAll(SHOULD_RETRY), ([, code]) => code)))];

describe.each(documented)('the documented shouldRetry %s', (code) => {
  const shouldRetry = async (): Promise<(error: unknown) => boolean> => {
    const source = `const { CloseEvent, Event } = globalThis; export const shouldRetry = ${code};`;
    const module = (await import(`data:text/javascript,${encodeURIComponent(source)}`)) as {
      shouldRetry: (error: unknown) => boolean;
    };
    return module.shouldRetry;
  };

  test('retries a connection that closed', async () => {
    expect((await shouldRetry())(new CloseEvent('close', { code: 1006 }))).toBe(true);
    expect((await shouldRetry())(new CloseEvent('close', { code: 1012 }))).toBe(true);
  });

  // A browser's WebSocket fires `error`, then `close`, while a gateway that restarts refuses connections.
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
  expect(documented.length).toBeGreaterThanOrEqual(3);
});
