import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { otherVariables } from '../../src/config/other-variables.ts';
import { variables } from '../../src/config/variables.ts';
import { openStream } from '../support/sse-client.ts';
import { openSocket } from '../support/ws-client.ts';

const ROOT = join(import.meta.dirname, '../..');
const run = promisify(execFile);
/** The oldest Node that `engines` allows, which npm installs beside the package, and the one that runs this test. */
const VERSIONS = ['24.9.0', '26'] as const;

/** The folder that the packed tarball is installed in. */
let consumer: string;

beforeAll(async () => {
  consumer = await mkdtemp(join(tmpdir(), 'consumer-'));
  const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', consumer], { cwd: ROOT });
  const tarball = join(consumer, stdout.trim().split('\n').at(-1) ?? '');
  await writeFile(join(consumer, 'package.json'), JSON.stringify({ private: true, allowScripts: { node: true } }));
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--silent'];
  await run('npm', ['install', tarball, `node@${VERSIONS[0]}`, ...quiet], { cwd: consumer });
}, 300_000);

afterAll(() => rm(consumer, { recursive: true, force: true }));

/** The events of a stream of a task that has finished: they leave in one batch. */
async function lastEvents(url: string): Promise<readonly string[]> {
  await using stream = await openStream(url, {
    query: 'subscription { taskStatus(id: "demo-finished") { finished } }',
  });
  return (await stream.ended).map(({ event }) => event);
}

/** The consumer, whose programs run on the version of Node named first on its PATH. */
function consumerOn(version: string) {
  const bin = join(consumer, 'node_modules/.bin');
  const nodes = version === VERSIONS[0] ? [bin] : [dirname(process.execPath), bin];
  const env = { ...process.env, PORT: '0', PATH: [...nodes, process.env['PATH']].join(':') };
  const output = async (program: string, args: readonly string[] = []): Promise<string> =>
    (await run(program, args, { cwd: consumer, env })).stdout;
  return { bin, env, output };
}

describe.each(VERSIONS)('on Node %s', (version) => {
  test('runs on this Node', async () => {
    const { output } = consumerOn(version);
    expect(await output('node', ['--version'])).toMatch(new RegExp(`^v${version}\\b`));
  });

  test('shows a live update with --demo', async () => {
    const { bin, env } = consumerOn(version);
    const demo = spawn(join(bin, 'video-task-gateway'), ['--demo'], { cwd: consumer, env });
    const exited = once(demo, 'exit');
    try {
      const [line] = await once(createInterface(demo.stdout), 'line');
      const url = String(line).replace('listening on ', '');
      await using socket = await openSocket(url);
      socket.send({ type: 'connection_init' });
      socket.subscribe('1', 'subscription { taskStatus(id: "demo-success-1") { status progress } }');
      await expect.poll(() => socket.about('1').filter(({ type }) => type === 'next').length).toBeGreaterThan(1);
      expect(await lastEvents(url)).toEqual(['next', 'complete']);
    } finally {
      demo.kill('SIGTERM');
      await exited;
    }
  });

  test('prints its version and every environment variable', async () => {
    const { output } = consumerOn(version);
    expect(await output('npx', ['video-task-gateway', '--version'])).toMatch(/^\d+\.\d+\.\d+\n$/);
    const help = await output('video-task-gateway', ['--help']);
    const listed = Array.from(help.matchAll(/^ {2}([A-Z][A-Z0-9_]+) /gm), ([, name]) => name);
    const names = [...Object.keys(variables), ...otherVariables.map(({ name }) => name)];
    expect(listed.toSorted()).toEqual(names.toSorted());
    await expect(output('video-task-gateway', ['--wrong'])).rejects.toMatchObject({ code: 2 });
  });

  test('is imported from CommonJS, by import() and by require()', async () => {
    const { output } = consumerOn(version);
    const script = `import('video-task-gateway').then((m) =>
      console.log(typeof m.createGateway, typeof require('video-task-gateway').loadConfig));`;
    await writeFile(join(consumer, 'main.cjs'), script);
    expect(await output('node', ['main.cjs'])).toBe('function function\n');
  });
});

const CONSUMER = `
import { createGateway, type Gateway, loadConfig, type TaskSource, type VideoTask } from 'video-task-gateway';
const source: TaskSource = { read: async (id: string): Promise<VideoTask | null> => (id === '' ? null : null) };
export const gateway: Promise<Gateway> = createGateway(loadConfig({}), { source, listen: false });
`;

test.each([
  ['nodenext', 'nodenext'],
  ['esnext', 'bundler'],
])('type-checks with module %s and moduleResolution %s', async (module, resolution) => {
  await writeFile(join(consumer, 'consumer.mts'), CONSUMER);
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  const flags = ['--noEmit', '--strict', '--target', 'esnext', '--module', module];
  await run(tsc, [...flags, '--moduleResolution', resolution, 'consumer.mts'], { cwd: consumer });
});
