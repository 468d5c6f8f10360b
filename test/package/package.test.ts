import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { variables } from '../../src/config/variables.ts';
import { openSocket } from '../support/ws-client.ts';

const ROOT = join(import.meta.dirname, '../..');
const run = promisify(execFile);
/** The oldest Node that `engines` allows. */
const NODE = 26;

let consumer: string;

beforeAll(async () => {
  consumer = await mkdtemp(join(tmpdir(), 'consumer-'));
  const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', consumer], { cwd: ROOT });
  const tarball = join(consumer, stdout.trim().split('\n').at(-1) ?? '');
  await writeFile(join(consumer, 'package.json'), JSON.stringify({ private: true, allowScripts: { node: true } }));
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--silent'];
  await run('npm', ['install', tarball, `node@${NODE}`, ...quiet], { cwd: consumer });
});

afterAll(() => rm(consumer, { recursive: true, force: true }));

/** A program of the consumer's folder, on the Node that is installed there. */
async function output(file: string, args: readonly string[] = []): Promise<string> {
  const bin = join(consumer, 'node_modules/.bin');
  const env = { ...process.env, PATH: `${bin}:${process.env['PATH']}` };
  return (await run(join(bin, file), args, { cwd: consumer, env })).stdout;
}

test('runs on the oldest Node that it allows', async () => {
  expect(await output('node', ['--version'])).toMatch(new RegExp(`^v${NODE}\\.`));
});

test('shows a live update with --demo', async () => {
  const env = { ...process.env, PORT: '0', PATH: `${join(consumer, 'node_modules/.bin')}:${process.env['PATH']}` };
  const demo = spawn(join(consumer, 'node_modules/.bin/video-task-gateway'), ['--demo'], { cwd: consumer, env });
  const exited = once(demo, 'exit');
  try {
    const [line] = await once(createInterface(demo.stdout), 'line');
    await using socket = await openSocket(String(line).replace('listening on ', ''));
    socket.send({ type: 'connection_init' });
    socket.subscribe('1', 'subscription { taskStatus(id: "demo-success-1") { status progress } }');
    await expect.poll(() => socket.about('1').filter(({ type }) => type === 'next').length).toBeGreaterThan(1);
  } finally {
    demo.kill('SIGTERM');
    await exited;
  }
});

test('prints its version and every environment variable', async () => {
  expect(await output('video-task-gateway', ['--version'])).toMatch(/^\d+\.\d+\.\d+\n$/);
  const help = await output('video-task-gateway', ['--help']);
  const listed = Array.from(help.matchAll(/^ {2}([A-Z][A-Z0-9_]+) /gm), ([, name]) => name);
  expect(listed.toSorted()).toEqual(Object.keys(variables).toSorted());
  await expect(output('video-task-gateway', ['--wrong'])).rejects.toMatchObject({ code: 2 });
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
  await cp(join(ROOT, 'node_modules/@types/node'), join(consumer, 'node_modules/@types/node'), { recursive: true });
  await cp(join(ROOT, 'node_modules/undici-types'), join(consumer, 'node_modules/undici-types'), { recursive: true });
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  const flags = ['--noEmit', '--strict', '--target', 'esnext', '--types', 'node', '--module', module];
  await run(tsc, [...flags, '--moduleResolution', resolution, 'consumer.mts'], { cwd: consumer });
});

test('is imported from CommonJS, by import() and by require()', async () => {
  const script = `import('video-task-gateway').then((m) =>
    console.log(typeof m.createGateway, typeof require('video-task-gateway').loadConfig));`;
  await writeFile(join(consumer, 'main.cjs'), script);
  expect(await output('node', ['main.cjs'])).toBe('function function\n');
});
