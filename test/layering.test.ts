import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const BIOME = join(ROOT, 'node_modules/.bin/biome');

/** For a file of each layer: what it may import, and what it may not. */
const layers: Readonly<Record<string, { readonly may: readonly string[]; readonly mayNot: readonly string[] }>> = {
  'src/errors.ts': { may: [], mayNot: ['./config.ts', './task/video-task.ts'] },
  'src/gcra.ts': { may: [], mayNot: ['./errors.ts', './scheduling/x.ts'] },
  'src/get-or-insert.ts': { may: [], mayNot: ['./errors.ts'] },
  'src/tally.ts': { may: [], mayNot: ['./errors.ts', './observability/metrics.ts'] },
  'src/text-patterns.ts': { may: [], mayNot: ['./config/variables.ts'] },
  'src/timer-limit.ts': { may: [], mayNot: ['./scheduling/x.ts'] },
  'src/json-object.ts': { may: [], mayNot: ['./upstream/x.ts'] },
  'src/process/probe.ts': { may: ['./output.ts', 'node:tty'], mayNot: ['../errors.ts', '../server/x.ts'] },
  'src/observability/log.ts': { may: ['pino'], mayNot: ['./config.ts', './errors.ts'] },
  'src/config.ts': { may: ['./config/variables.ts'], mayNot: ['./gateway.ts', './server/x.ts', './errors.ts'] },
  'src/config/probe.ts': {
    may: ['./variable.ts', './redis-url.ts', '../text-patterns.ts', '../json-object.ts'],
    mayNot: ['../task/x.ts', '../cluster/contract.ts', '../observability/log.ts', '../scheduling/x.ts'],
  },
  'src/cluster/probe.ts': {
    may: [
      '../errors.ts',
      '../gcra.ts',
      '../text-patterns.ts',
      'redis',
      './contract.ts',
      '../config/redis-url.ts',
      'node:crypto',
    ],
    mayNot: ['../task/video-task.ts', '../upstream/x.ts', '../config.ts', '../observability/log.ts', '../gateway.ts'],
  },
  'src/cluster/redis/probe.ts': { may: ['../contract.ts', '../../errors.ts'], mayNot: ['../../task/video-task.ts'] },
  'src/task/probe.ts': {
    may: ['../errors.ts', '../cluster/contract.ts', './task-source.ts', '../scheduling/x.ts', 'lru-cache'],
    mayNot: [
      '../cluster/redis/redis-cluster.ts',
      '../upstream/x.ts',
      '../live/x.ts',
      '../schema/x.ts',
      '../server/x.ts',
      '../observability/log.ts',
    ],
  },
  'src/scheduling/probe.ts': {
    may: ['../errors.ts', '../gcra.ts', '../timer-limit.ts', '../cluster/contract.ts'],
    mayNot: [
      '../task/credential.ts',
      '../task/task-watch.ts',
      '../upstream/x.ts',
      '../cluster/memory/x.ts',
      'undici',
      'redis',
      'ws',
      'pino',
      'graphql',
      'node:http',
      'node:fs/promises',
    ],
  },
  'src/upstream/probe.ts': {
    may: ['../errors.ts', '../text-patterns.ts', '../json-object.ts', '../task/video-task.ts', 'undici'],
    mayNot: [
      '../cluster/contract.ts',
      '../live/x.ts',
      '../schema/x.ts',
      '../server/x.ts',
      '../simulator/x.ts',
      '../config.ts',
    ],
  },
  'src/schema/probe.ts': {
    may: ['../errors.ts', '../text-patterns.ts', '../task/video-task.ts', 'graphql', '@pothos/core'],
    mayNot: ['../upstream/x.ts', '../cluster/contract.ts', '../live/x.ts', '../server/x.ts', '../gateway.ts'],
  },
  'src/live/probe.ts': {
    may: ['../errors.ts', '../task/video-task.ts', 'graphql'],
    mayNot: ['../upstream/x.ts', '../cluster/contract.ts', '../schema/x.ts', '../server/x.ts', '../gateway.ts'],
  },
  'src/server/probe.ts': {
    may: [
      '../schema/x.ts',
      '../live/x.ts',
      '../task/x.ts',
      '../cluster/contract.ts',
      '../config.ts',
      '../observability/log.ts',
      'ws',
    ],
    mayNot: [
      '../upstream/x.ts',
      '../cluster/memory.ts',
      '../simulator/x.ts',
      '../gateway.ts',
      '../main.ts',
      '../demo.ts',
    ],
  },
  'src/server/watch-page/public/probe.ts': {
    may: ['../watch-page.ts'],
    mayNot: ['../../../gateway.ts', '../../../upstream/x.ts'],
  },
  'src/composition/probe.ts': {
    may: ['../server/x.ts', '../cluster/redis/x.ts', '../upstream/x.ts', '../config.ts', '../observability/log.ts'],
    mayNot: ['../gateway.ts', '../main.ts', '../demo.ts', '../simulator/x.ts'],
  },
  'src/gateway.ts': {
    may: ['./server/x.ts', './cluster/redis.ts', './upstream/x.ts', './config.ts', './observability/log.ts'],
    mayNot: ['./main.ts', './demo.ts', './simulator/x.ts'],
  },
  'src/main.ts': { may: ['./gateway.ts', './config.ts'], mayNot: ['./simulator/x.ts', './demo.ts'] },
  'src/demo.ts': { may: ['./gateway.ts', './simulator/x.ts'], mayNot: ['./main.ts'] },
  'src/simulator/probe.ts': {
    may: ['./errors.ts', './main.ts', '../process/x.ts', 'node:http'],
    mayNot: [
      '../errors.ts',
      '../task/video-task.ts',
      '../upstream/x.ts',
      '../config.ts',
      '../observability/log.ts',
      '../gateway.ts',
    ],
  },
};

/** The imports that lint refuses, as `file <- specifier`. */
let refused: ReadonlySet<string>;

beforeAll(async () => {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'layering-'));
  await copyFile(join(ROOT, 'biome.json'), join(directory.path, 'biome.json'));
  for (const [file, { may, mayNot }] of Object.entries(layers)) {
    await mkdir(join(directory.path, dirname(file)), { recursive: true });
    await writeFile(join(directory.path, file), source([...may, ...mayNot]));
  }
  refused = await refusedImports(directory.path);
});

/** One import per line. */
function source(specifiers: readonly string[]): string {
  return specifiers.map((specifier) => `import '${specifier}';\n`).join('');
}

async function refusedImports(directory: string): Promise<ReadonlySet<string>> {
  const flags = [
    '--only=style/noRestrictedImports',
    '--vcs-enabled=false',
    '--max-diagnostics=none',
    '--reporter=github',
  ];
  const report = await new Promise<string>((resolve) => {
    execFile(BIOME, ['lint', ...flags], { cwd: directory }, (_failed, stdout) => resolve(stdout));
  });
  const places = report.matchAll(/file=[^,]*?(src\/[^,]+),line=(\d+)/g);
  return new Set(Array.from(places, ([, file = '', line]) => `${file} <- ${imports(file)[Number(line) - 1]}`));
}

function imports(file: string): readonly string[] {
  const layer = layers[file];
  return layer ? [...layer.may, ...layer.mayNot] : [];
}

test.each(Object.entries(layers))('%s imports downward only', (file, { may, mayNot }) => {
  const hit = [...may, ...mayNot].filter((specifier) => refused.has(`${file} <- ${specifier}`));
  expect(hit).toEqual(mayNot);
});
