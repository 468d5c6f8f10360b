import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser, type TestBrowser } from '../support/browser.ts';
import { startPair } from '../support/gateway.ts';

/** An application with `HttpLink` alone. It shows each state as a line of text. */
const APPLICATION = `
import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
const client = new ApolloClient({ cache: new InMemoryCache(), link: new HttpLink({ uri: '/graphql' }) });
const show = (name, { id, progress }) => {
  document.body.append(Object.assign(document.createElement('p'), { textContent: name + ' ' + id + ' ' + progress }));
};
globalThis.watchOne = (id) => client.subscribe({
  query: gql\`subscription ($id: ID!) { taskStatus(id: $id) { id progress } }\`, variables: { id },
}).subscribe(({ data }) => show('one', data.taskStatus));
globalThis.watchAll = (ids) => client.subscribe({
  query: gql\`subscription ($ids: [ID!]!) { taskStatuses(ids: $ids) { id progress } }\`, variables: { ids },
}).subscribe(({ data }) => show('all', data.taskStatuses));
globalThis.ask = async (id) => show('query', (await client.query({
  query: gql\`query ($id: ID!) { videoTask(id: $id) { id progress } }\`, variables: { id }, fetchPolicy: 'network-only',
})).data.videoTask);
`;

let browser: TestBrowser;
let script = '';
beforeAll(async () => {
  browser = await launchBrowser();
  const stdin = { contents: APPLICATION, resolveDir: join(import.meta.dirname) };
  const { outputFiles } = await build({ stdin, bundle: true, write: false });
  script = outputFiles[0]?.text ?? '';
});
afterAll(() => browser[Symbol.asyncDispose]());

test('six subscriptions of HttpLink hold the connections of a browser, and one of taskStatuses holds one', async () => {
  await using pair = await startPair();
  const ids = Array.from({ length: 7 }, (_, index) => `task-${index}`);
  for (const id of ids) pair.simulator.setTask(id, { status: 'process', process: 10 });
  await using tab = await browser.open();
  const line = (text: string) => tab.page.getByText(text, { exact: true }).first().waitFor();
  const call = (code: string) => tab.page.evaluate(`void ${code}`);
  await tab.page.goto(`${pair.gateway.url}/healthz`);
  await tab.page.addScriptTag({ content: script });

  await call(`watchAll(${JSON.stringify(ids)})`);
  for (const id of ids) await line(`all ${id} 10`);
  await call(`ask('task-6')`);
  await line('query task-6 10');

  for (const id of ids.slice(0, 5)) await call(`watchOne('${id}')`);
  for (const id of ids.slice(0, 5)) await line(`one ${id} 10`);
  await call(`watchOne('task-6')`);
  // A change proves that the six streams are live while the seventh request waits.
  pair.simulator.setTask('task-1', { status: 'process', process: 40 });
  await line('one task-1 40');
  await line('all task-1 40');
  expect(await tab.page.getByText('one task-6 10').count()).toBe(0);
  expect(pair.gateway.counts().connections).toBe(6);
  pair.simulator.setTask('task-0', { status: 'fail' });
  await line('one task-6 10');
});
