import { type ExpectStatic, test } from 'vitest';
import { snippet } from '../docs/snippet.ts';
import { type FaultProxy, faultProxy } from '../support/fault-proxy.ts';
import { type Pair, startPair } from '../support/gateway.ts';
import { type Files, type SnippetProgram, startProgram } from './snippet-program.ts';
import { WATCH } from './subscription.ts';

const ID = 'watched';

/** An application that watches a task behind a proxy; `expect` is that of the test, because tests run at the same time. */
interface Watched {
  readonly expect: ExpectStatic;
  readonly pair: Pair;
  readonly proxy: FaultProxy;
  readonly program: SnippetProgram;
}

async function withProgram(
  files: Files,
  expect: ExpectStatic,
  use: (watched: Watched) => Promise<void>,
): Promise<void> {
  await using pair = await startPair();
  pair.simulator.setTask(ID, { status: 'process', process: 10 });
  await using proxy = await faultProxy({ port: Number(new URL(pair.gateway.url).port) });
  const here = ([name, code]: [string, string]) =>
    [name, code.replaceAll('127.0.0.1:4000', `${proxy.host}:${proxy.port}`).replaceAll('demo-success-1', ID)] as const;
  await using program = await startProgram(Object.fromEntries(Object.entries(files).map(here)));
  await program.prints(progress(10));
  await use({ expect, pair, proxy, program });
}

const progress = (percent: number) => new RegExp(`progress"?: ?${percent}\\b`);

/** Resets the connection while the task goes on to 30 %. */
async function cutLine({ pair, proxy, program }: Watched): Promise<void> {
  proxy.inject({ kind: 'reset' });
  pair.simulator.setTask(ID, { status: 'process', process: 30 });
  proxy.inject({ kind: 'none' });
  await program.prints(progress(30));
}

/** The proxy stops forwarding while the task goes on to 70 %. */
async function silence({ expect, pair, proxy, program }: Watched): Promise<void> {
  const { accepted } = proxy;
  proxy.inject({ kind: 'black-hole' });
  pair.simulator.setTask(ID, { status: 'process', process: 70 });
  await expect.poll(() => proxy.accepted).toBeGreaterThan(accepted);
  proxy.inject({ kind: 'none' });
  await program.prints(progress(70));
}

async function end({ expect, pair, program }: Watched): Promise<void> {
  pair.simulator.setTask(ID, { status: 'success' });
  await program.prints(/SUCCESS/);
  expect(await program.warnings).toBe('');
}

/** The times of the snippet, shortened: 15 s pass otherwise until it notices. */
function quickly(code: string): string {
  const times = /(keepAlive: )10_000(,.*terminate\(\), )5_000\)/s;
  if (!times.test(code)) throw new Error('the snippet has other times');
  return code.replace(times, '$1500$21000)');
}

test.concurrent.for([
  ['README.md', async (): Promise<Files> => ({ 'main.js': quickly(await snippet('README.md', 'One client', 'js')) })],
  [
    'docs/clients.md',
    async (): Promise<Files> => ({
      'socket.js': quickly(await snippet('docs/clients.md', 'graphql-ws', 'js')),
      'main.js': await snippet('docs/clients.md', 'graphql-ws', 'js', 2),
    }),
  ],
] as const)(
  'the client of %s goes on after a cut line, and behind a proxy that stops forwarding',
  async ([, read], { expect }) => {
    await withProgram(await read(), expect, async (watched) => {
      await cutLine(watched);
      await silence(watched);
      await end(watched);
    });
  },
);

test.concurrent('the documented RetryLink goes on after a cut line', async ({ expect }) => {
  const link = await snippet('docs/clients/settings.md', 'Apollo Client', 'js');
  const program = `
    import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
    import { RetryLink } from '@apollo/client/link/retry';
    const uri = 'http://127.0.0.1:4000/graphql';
    const client = new ApolloClient({ cache: new InMemoryCache(), link: ${link.trim().replace(/;$/, '')} });
    client.subscribe({ query: gql\`${WATCH}\`, variables: { id: 'demo-success-1' } }).subscribe({
      next: ({ data, error }) => (error ? console.error(error) : console.log(JSON.stringify(data))),
    });`;
  await withProgram({ 'main.js': program }, expect, async (watched) => {
    await cutLine(watched);
    await end(watched);
  });
});
