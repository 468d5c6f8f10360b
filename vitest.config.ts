import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { ClientsReporter } from './test/docs/clients-reporter.ts';
import { ProtocolsReporter } from './test/docs/protocols-reporter.ts';
import { LongestFirst } from './test/support/longest-first.ts';
import { SecretsReporter } from './test/support/secrets-reporter.ts';

/** Entries that tests run as processes of their own, where coverage cannot follow, and what runs in a browser. */
const NOT_COVERED = [
  'src/main.ts',
  'src/demo.ts',
  'src/simulator/main.ts',
  'src/documents/main.ts',
  'src/server/watch-page/public/**',
  'src/server/status-page/public/**',
];

/** These keep every core busy: a test beside them would be late. */
const ALONE = ['test/e2e/reconnect-at-once.test.ts'];

/** These measure how soon several processes act, and mostly wait: they run beside each other, and beside no busy test. */
const CLUSTER = [
  'test/e2e/cluster-budget.test.ts',
  'test/e2e/cluster-kill.test.ts',
  'test/e2e/cluster-redis.test.ts',
  'test/e2e/cluster-restart.test.ts',
  'test/e2e/cluster-sharing.test.ts',
  'test/e2e/clock-steps.test.ts',
  'test/e2e/dead-output.test.ts',
  'test/e2e/idle-close.test.ts',
  'test/e2e/isolation.test.ts',
  'test/e2e/rolling-upgrade.test.ts',
  'test/e2e/signals.test.ts',
  'test/e2e/wrong-types.test.ts',
  'test/cluster/redis/redis-clock.test.ts',
  'test/cluster/redis/redis-outages.test.ts',
  'test/observability/outage-while-watching.test.ts',
  'test/security/pipelined-posts.test.ts',
  'test/server/graphql/preparation-turns.test.ts',
  'test/soak/soak.test.ts',
];

/**
 * These clean up after themselves, so they share a process for each worker: to start one and load the modules takes about
 * 1.8 s of CPU, longer than the tests of most files. Files that measure their process have one each.
 */
const SHARED = [
  'test/{cluster,config,docs,documents,embedding,live,observability}/**/*.test.ts',
  'test/{scheduling,schema,server,simulator,task,upstream}/**/*.test.ts',
  'test/security/{graphql-cop,secrets}.test.ts',
  'test/soak/{plan,invariants}.test.ts',
  // One Chromium serves every page of a worker.
  'test/e2e/{graphiql,watch-page,watch-page-connections}.test.ts',
];

/** These measure the memory of a process or how long code takes. */
const MEASURED = ['test/{live,server}/**/*-memory.test.ts', 'test/server/http/forwarded-header.test.ts'];

/** Popular clients against a gateway. */
const CLIENTS = ['test/clients/**/*.test.ts'];

/** The examples of embedding import the package by its name, and servers that the clients' package brings. */
const EMBEDDING = {
  'video-task-gateway': join(import.meta.dirname, 'src/index.ts'),
  express: join(import.meta.dirname, 'test/clients/node_modules/express'),
  fastify: join(import.meta.dirname, 'test/clients/node_modules/fastify'),
};

/** Where vitest would load graphql's development build, what it imports loads the default one: two realms. */
const conditions = ['node', 'module-sync'];

export default defineConfig({
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: [...ALONE, ...CLUSTER, ...CLIENTS, ...SHARED, ...MEASURED],
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        // A group of its own: a worker gives up its process where the next file in the queue is of another project.
        test: {
          name: 'shared',
          include: SHARED,
          exclude: [...ALONE, ...CLUSTER, ...MEASURED],
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'measured', include: MEASURED, sequence: { groupOrder: 1 } },
      },
      {
        extends: true,
        resolve: { alias: EMBEDDING },
        // The clients are a package of their own.
        test: {
          name: 'clients',
          include: CLIENTS,
          globalSetup: 'test/clients/install.ts',
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        // Two tests of a file at once: the processes that more would start disturb each other. A file that mostly waits
        // sets more.
        test: { name: 'cluster', include: CLUSTER, maxConcurrency: 2, sequence: { groupOrder: 2 } },
      },
      { extends: true, test: { name: 'alone', include: ALONE, maxWorkers: 1, sequence: { groupOrder: 3 } } },
    ],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // How soon is no question of a test; a poll that waits for what never comes fails all the same.
    expect: { poll: { timeout: 20_000 } },
    retry: 0,
    sequence: { sequencer: LongestFirst },
    maxWorkers: 2,
    maxConcurrency: 10,
    reporters: [
      'default',
      new SecretsReporter(),
      new ClientsReporter(),
      new ProtocolsReporter(),
      ['json', { outputFile: 'coverage/test-results.json' }],
    ],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: NOT_COVERED,
      reporter: [['text', { skipFull: true }], 'lcovonly'],
      thresholds: { lines: 90, branches: 90 },
    },
  },
});
