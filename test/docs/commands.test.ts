import { execFile } from 'node:child_process';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { StartedServer } from '../support/started-server.ts';
import { ROOT } from './markdown.ts';
import { snippet } from './snippet.ts';

const run = promisify(execFile);

/** A command as a person types it, on a free port. `npm ci` has been typed before the tests. */
function started(line: string): StartedServer {
  const command = line.replace('npm ci && ', '').replaceAll('…', 'a-token');
  return new StartedServer({ command: ['bash', '-c', command] }, { LOG_LEVEL: 'silent' });
}

const servers = [
  await snippet('README.md', 'Two commands', 'sh'),
  await snippet('README.md', 'Two commands', 'sh', 2),
  await snippet('docs/clients.md', 'From another origin', 'sh'),
  await snippet('docs/tracing.md', 'Try it', 'sh'),
].flatMap((text) => text.trim().split('\n'));

test.concurrent.each(servers)('%s starts a gateway', async (line) => {
  await using server = started(line);
  expect((await fetch(`${await server.url()}/healthz`)).status).toBe(200);
});

test('the commands for trusted documents start a gateway that takes the operations of the example alone', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'documents-'));
  const text = (await snippet('docs/access.md', 'Trusted documents', 'sh'))
    .replaceAll('documents.json', join(folder.path, 'documents.json'))
    .replace('../my-app', 'examples/react');
  const [list = '', start = ''] = text.split('\n');
  await run('bash', ['-c', list], { cwd: ROOT });
  await using server = started(start);
  const body = JSON.stringify({ query: '{ videoTask(id: "a") { id } }' });
  const headers = { 'content-type': 'application/json', authorization: 'Bearer a-token' };
  const answer = await fetch(`${await server.url()}/graphql`, { method: 'POST', headers, body });
  expect(await answer.json()).toMatchObject({ errors: [{ extensions: { code: 'DOCUMENT_NOT_TRUSTED' } }] });
});
