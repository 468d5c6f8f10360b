import { mkdtempDisposable, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { findTool } from '../support/tools.ts';
import { connect, type WsClient } from '../support/ws-client.ts';

const WATCH = 'subscription { taskStatus(id: "watched") { status progress stale } }';
const DROPPED = 'video_task_gateway_log_lines_dropped_total';
/** With 100 ids each: more log lines than a pipe or the file below takes. */
const REQUESTS = 12;

/** A way in which standard error fails: the shell command of the gateway, and the moment when it happens. */
interface Failure {
  readonly name: string;
  /** Of a shell: `$0` is Node, and `$PYTHON` is Python. */
  readonly command: string;
  /** Lines are lost, not only late. */
  readonly drops: boolean;
  fail?(gateway: GatewayProcess): void;
}

const failures: readonly Failure[] = [
  { name: 'is a full disk from the start', command: 'exec "$0" src/main.ts 2>/dev/full', drops: true },
  {
    name: 'is a file that can grow no more later',
    command: 'ulimit -f 8; exec "$0" src/main.ts 2>"$LOG"',
    drops: true,
  },
  {
    name: 'is a terminal that was closed before the start',
    command: 'exec "$PYTHON" test/support/closing-terminal.py 0 "$0" src/main.ts',
    drops: true,
  },
  {
    name: 'is a terminal that closes later',
    command: 'exec "$PYTHON" test/support/closing-terminal.py 4000 "$0" src/main.ts',
    drops: true,
  },
  {
    name: 'is a terminal that was stopped before the start',
    command: 'exec "$PYTHON" test/support/stopped-terminal.py "$0" src/main.ts',
    drops: false,
  },
  {
    name: 'is a pipe and the reader closes it',
    command: 'exec "$0" src/main.ts',
    drops: true,
    fail: (gateway) => gateway.closeReader(),
  },
  {
    name: 'is a pipe and the reader stops reading',
    command: 'exec "$0" src/main.ts',
    drops: false,
    fail: (gateway) => gateway.stopReading(),
  },
];

/** One call to A2E, so one line at debug level, for each of 100 tasks. */
async function askForMany(url: string, request: number): Promise<void> {
  const ids = Array.from({ length: 100 }, (_, index) => `other-${request}-${index}`);
  const body = JSON.stringify({ query: 'query ($ids: [ID!]!) { videoTasks(ids: $ids) { id } }', variables: { ids } });
  await (
    await fetch(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  ).text();
}

function statesOf(client: WsClient): unknown[] {
  return client.about('w').map(({ type, payload }) => payload ?? type);
}

describe.concurrent('where standard error', () => {
  it.each(failures)('$name, a watcher never notices', async ({ command, drops, fail }) => {
    await using directory = await mkdtempDisposable(join(tmpdir(), 'standard-error-'));
    const LOG = join(directory.path, 'log');
    await using simulator = await startSimulator();
    simulator.setTask('watched', { status: 'process', process: 10 });
    const env = {
      A2E_API_URL: simulator.url,
      A2E_API_TOKEN: 'demo-token',
      LOG_LEVEL: 'debug',
      LOG,
      PYTHON: findTool('python'),
    };
    await using gateway = await GatewayProcess.start(env, ['sh', '-c', command, process.execPath]);
    await using client = await connect(gateway.url);
    client.subscribe('w', WATCH);
    await client.messages.find(({ type }) => type === 'next');
    fail?.(gateway);
    for (let request = 0; request < REQUESTS; request += 1) await askForMany(gateway.url, request);
    simulator.setTask('watched', { status: 'success', result: 'https://example.com/video.mp4' });
    await client.ended('w');
    const shown = (status: string, progress: number) => ({ data: { taskStatus: { status, progress, stale: false } } });
    expect(statesOf(client)).toEqual([shown('PROCESS', 10), shown('SUCCESS', expect.any(Number)), 'complete']);
    expect(await gateway.readiness()).toMatchObject({ status: 200, body: { ready: true } });
    if (drops) expect(await gateway.metric(DROPPED)).toBeGreaterThan(100);
    if (command.includes('ulimit')) expect((await stat(LOG)).size).toBe(8 * 512);
    gateway.signal('SIGTERM');
    expect(await gateway.exited).toEqual({ code: 0, signal: null });
  });
});
