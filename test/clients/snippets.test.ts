import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { snippet } from '../docs/snippet.ts';
import { launchBrowser, type TestBrowser, type TestPage } from '../support/browser.ts';
import { type Pair, startPair } from '../support/gateway.ts';
import { findTool } from '../support/tools.ts';
import { type Files, snippetFolder } from './snippet-program.ts';

const run = promisify(execFile);
/** The 40 s of a demo task, shortened; it is still polled many times. */
const SPEED = 20;

/** An empty page, in place of the one that Vite serves: its origin is another than the gateway's. */
const PAGE = '<!doctype html><link rel="icon" href="data:,"><div id="root"></div>';
const host = createServer((_request, response) => response.setHeader('content-type', 'text/html').end(PAGE));

let origin = '';
let pair: Pair;
let browser: TestBrowser;

beforeAll(async () => {
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
  const command = await snippet('docs/clients.md', 'From another origin', 'sh');
  const listed = /CORS_ORIGINS=(\S+)/.exec(command)?.[1] ?? '';
  origin = listed.replace('5173', String((host.address() as AddressInfo).port));
  pair = await startPair({ CORS_ORIGINS: origin }, { speed: SPEED });
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await pair[Symbol.asyncDispose]();
  await host[Symbol.asyncDispose]();
});

/** The snippet, for the gateway of this test in place of the demo. */
function here(code: string): string {
  const { host } = new URL(pair.gateway.url);
  return code.replaceAll('127.0.0.1:4000', host);
}

/** The files with {@link here} applied, in a folder. */
function write(files: Files): ReturnType<typeof snippetFolder> {
  return snippetFolder(Object.fromEntries(Object.entries(files).map(([name, code]) => [name, here(code)])));
}

/** Runs a program to its end: resolves to its output. A warning fails the test. */
async function output(code: string, modules: Files = {}): Promise<string> {
  await using folder = await write({ ...modules, 'main.js': code });
  const { stdout, stderr } = await run(process.execPath, [join(folder.path, 'main.js')]);
  expect(stderr).toBe('');
  return stdout;
}

/** The client that the snippets of docs/clients.md share. */
async function sharedSocket(): Promise<Files> {
  return { 'socket.js': await snippet('docs/clients.md', 'graphql-ws', 'js') };
}

async function openPage(): Promise<TestPage> {
  const opened = await browser.open();
  await opened.page.goto(origin);
  return opened;
}

test.concurrent.each([
  ['README.md', 'demo-success-11', () => snippet('README.md', 'One client', 'js')],
  ['docs/clients.md', 'demo-success-12', () => snippet('docs/clients.md', 'graphql-ws', 'js', 2)],
])('the graphql-ws snippet of %s prints every state, and ends', async (_page, id, read) => {
  const text = await output((await read()).replace('demo-success-1', id), await sharedSocket());
  expect(text).toMatch(/status: '(?!SUCCESS)\w+'.*status: 'SUCCESS'/s);
});

test.concurrent.each([
  [
    'Apollo Client',
    () => snippet('docs/clients.md', 'Apollo Client 4', 'js'),
    () => snippet('docs/clients.md', 'Apollo Client 4', 'jsx'),
  ],
  ['urql', () => snippet('docs/clients.md', 'urql', 'js'), () => snippet('docs/clients.md', 'urql', 'jsx')],
])('the snippets of %s show the task, and at last its video', async (_client, client, main) => {
  await using folder = await write({
    ...(await sharedSocket()),
    'client.js': await client(),
    'main.jsx': await main(),
  });
  const entryPoints = [join(folder.path, 'main.jsx')];
  const { outputFiles } = await build({ entryPoints, bundle: true, write: false, format: 'esm', jsx: 'automatic' });
  await using opened = await openPage();
  await opened.page.addScriptTag({ type: 'module', content: outputFiles[0]?.text ?? '' });
  await opened.page.locator('article').waitFor();
  await opened.page.locator('video').waitFor({ state: 'attached' });
  expect(await opened.page.locator('article').textContent()).toContain('SUCCESS');
});

test.concurrent('the snippet of EventSource logs every state, and closes', async ({ expect }) => {
  await using opened = await openPage();
  const logged: string[] = [];
  opened.page.on('console', async (message) => {
    logged.push(JSON.stringify(await message.args()[0]?.jsonValue()));
  });
  await opened.page.addScriptTag({ content: here(await snippet('docs/clients.md', 'EventSource', 'js')) });
  await expect.poll(() => logged.join('\n')).toContain('SUCCESS');
  await expect.poll(() => opened.page.evaluate('events.readyState === EventSource.CLOSED')).toBe(true);
});

test.concurrent('the commands of curl print the state, and then every state', async () => {
  findTool('curl');
  const { stdout } = await run('bash', ['-ec', here(await snippet('docs/clients.md', 'curl', 'sh'))]);
  expect(stdout).toMatch(/^\{"data":\{"videoTask":\{"status":/);
  expect(stdout).toMatch(/"taskStatus":\{"status":"SUCCESS".*event: complete/s);
});

const QUERY = 'query { videoTask(id: "demo-finished") { id status stages { status } } }';

test.concurrent('the settings of Apollo Client make a link', async () => {
  const settings = await snippet('docs/clients/settings.md', 'Apollo Client', 'js');
  const text = await output(`
    import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
    import { RetryLink } from '@apollo/client/link/retry';
    const uri = 'http://127.0.0.1:4000/graphql';
    const link = ${settings}
    const client = new ApolloClient({ link, cache: new InMemoryCache() });
    console.log(JSON.stringify((await client.query({ query: gql\`${QUERY}\` })).data));`);
  expect(text).toContain('"status":"SUCCESS"');
});

test.concurrent('the settings of Graphcache make a cache that warns of no key', async () => {
  const settings = await snippet('docs/clients/settings.md', 'urql and Graphcache', 'js');
  const text = await output(`
    import { cacheExchange } from '@urql/exchange-graphcache';
    import { Client, fetchExchange } from 'urql';
    const cache = ${settings}
    const client = new Client({ url: 'http://127.0.0.1:4000/graphql', exchanges: [cache, fetchExchange] });
    console.log(JSON.stringify((await client.query('${QUERY}', {})).data));`);
  expect(text).toContain('"status":"SUCCESS"');
});

test.concurrent('the packages that the snippets install are the ones of these tests', async () => {
  const texts = [
    await snippet('README.md', 'One client', 'sh'),
    await snippet('docs/clients.md', 'graphql-ws', 'sh'),
    await snippet('docs/clients.md', 'Apollo Client 4', 'sh'),
    await snippet('docs/clients.md', 'urql', 'sh'),
  ];
  const { dependencies } = JSON.parse(await readFile(join(import.meta.dirname, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  const names = texts.flatMap((text) => (/^npm i ([^#]+)/.exec(text)?.[1] ?? '').trim().split(' '));
  expect(names.filter((name) => !(name in dependencies))).toEqual([]);
});
