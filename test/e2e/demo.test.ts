import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser, type TestBrowser } from '../support/browser.ts';

const DEMO = new URL('../../src/demo.ts', import.meta.url).pathname;

let browser: TestBrowser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser[Symbol.asyncDispose]());

/** Opens the page that the demo prints, and chooses one of the tasks that it offers. */
async function chooseTask(url: string): Promise<void> {
  await using tab = await browser.open();
  await tab.page.goto(url);
  await tab.page.getByRole('link', { name: 'demo-finished', exact: true }).click();
  await tab.page.getByRole('article', { name: 'Ready demo-finished' }).waitFor();
}

test.concurrent.each(['127.0.0.1', '0.0.0.0'])(
  'the demo on %s prints addresses that can be opened, and ends with 0',
  async (host) => {
    const { PATH = '' } = process.env;
    const child = spawn(process.execPath, [DEMO], {
      env: { PATH, HOST: host, PORT: '0' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const exit = once(child, 'exit');
    try {
      let text = '';
      for await (const line of createInterface({ input: child.stdout })) {
        text += `${line}\n`;
        if (line.startsWith('Ctrl-C')) break;
      }
      const port = text.match(/^listening on http:\/\/([\d.]+):(\d+)$/m)?.[2];
      expect(text).toContain(`listening on http://${host}:${port}\n`);
      expect(text).toContain(`Watch page   http://127.0.0.1:${port}/?id=demo-success\n`);
      expect(text).toContain(`WebSocket    ws://127.0.0.1:${port}/graphql\n`);
      const graphiql = await fetch(text.match(/GraphiQL +(\S+)/)?.[1] ?? '', { headers: { accept: 'text/html' } });
      expect([graphiql.status, await graphiql.text()]).toEqual([200, expect.stringContaining('GraphiQL')]);
      const status = await fetch(text.match(/Status +(\S+)/)?.[1] ?? '');
      expect([status.status, await status.text()]).toEqual([200, expect.stringContaining('Gateway status')]);
      await chooseTask(`http://127.0.0.1:${port}/`);
      child.kill('SIGTERM');
      expect(await exit).toEqual([0, null]);
    } finally {
      child.kill('SIGKILL');
    }
  },
);
