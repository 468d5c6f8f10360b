import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { createCluster } from './composition/create-cluster.ts';
import { createHttpStack } from './composition/create-http-stack.ts';
import { createRegistry } from './composition/create-registry.ts';
import { GatewayTallies } from './composition/gateway-tallies.ts';
import { createServices, type SharedServices, type StatusPagePlacement } from './composition/shared-services.ts';
import type { Config } from './config.ts';
import { createLogger, type Logger } from './observability/log.ts';
import { LogOutput } from './observability/log-output.ts';
import { outputOf } from './process/output.ts';
import { accessWarnings } from './server/access/warnings.ts';
import type { OperationExecutor } from './server/graphql/operation-executor.ts';
import type { ConnectionLimiter } from './server/limits/connection-limiter.ts';
import { DEFAULT_TIMEOUTS, type Timeouts } from './server/limits/timeouts.ts';
import { AdminServer } from './server/routing/admin-server.ts';
import { mountable } from './server/routing/mount.ts';
import { gracefulShutdown } from './server/shutdown/graceful-shutdown.ts';
import type { ExampleTask } from './server/watch-page/watch-page.ts';
import type { TaskRegistry } from './task/task-registry.ts';
import { type TaskSource, upstreamName } from './task/task-source.ts';

/** Counts of live objects, for tests, metrics and operators. */
export interface GatewayCounts {
  /** Tasks being watched, so polled. */
  readonly watches: number;
  /** Subscriptions being executed, each for any number of clients. */
  readonly liveResults: number;
  /** Open WebSockets and SSE streams. */
  readonly connections: number;
}

/** A running gateway. Disposing of it closes every connection and stops every poll. */
export interface Gateway extends AsyncDisposable {
  /** The address: `http://HOST:PORT`, with the real port; empty with `listen: false`. */
  readonly url: string;
  /**
   * Answers a request of another server, such as one of `node:http`; see {@link GatewayOptions.path}. A body that the server
   * has parsed is taken from `request.body`, where Express leaves it.
   */
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
  /** Takes over an `upgrade` of another server. A path that the gateway does not serve is answered 404. */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** The address of `ADMIN_PORT`; null without a second listener. */
  readonly adminUrl: string | null;
  counts(): GatewayCounts;
  /**
   * Refuses new work and closes every client's connection, within the configured grace period. Disposing of the gateway
   * closes the connections that are still open then.
   */
  drain(): Promise<void>;
}

export interface GatewayOptions {
  /** By default JSON lines on standard error, from the configured level on. */
  readonly log?: Logger;
  /**
   * The source of task states; by default A2E. The caller owns a source that it passes. With `REDIS_URL` it needs a name:
   * gateways with one name share their states.
   */
  readonly source?: TaskSource;
  /** false: the gateway opens no port but `ADMIN_PORT`, and serves through `handler` and `upgrade`. */
  readonly listen?: boolean;
  /** The path that another server mounts the gateway on, such as `/video`: removed from the front of a URL. */
  readonly path?: string;
  /** The id that GraphiQL opens with. */
  readonly exampleId?: string;
  /** The tasks that the watch page offers; by default none. */
  readonly exampleTasks?: readonly ExampleTask[];
  /** The time-outs of connections; by default {@link DEFAULT_TIMEOUTS}. */
  readonly timeouts?: Timeouts;
  /** The operator page; by default on `ADMIN_PORT` alone. */
  readonly statusPage?: StatusPagePlacement;
  /** The number of log lines dropped since the start; absent when no line is ever dropped. */
  readonly droppedLogLines?: () => number;
}

/** Builds a gateway and listens. Rejects when the address cannot be bound, and at options that cannot be used. */
export async function createGateway(config: Config, options: GatewayOptions = {}): Promise<Gateway> {
  const {
    log = createLogger(config.logLevel, new LogOutput(outputOf(process.stderr))),
    source,
    listen = true,
    path = '',
  } = options;
  const { exampleId = 'YOUR_TASK_ID', exampleTasks = [], timeouts = DEFAULT_TIMEOUTS } = options;
  const { droppedLogLines = () => 0, statusPage = { onFirstPort: false } } = options;
  await using stack = new AsyncDisposableStack();
  for (const warning of accessWarnings(config, listen)) log.warn(warning);
  const tallies = new GatewayTallies();
  const cluster = stack.use(await createCluster(config, log, tallies.redis, source));
  const named = { upstreamName: upstreamName(source), statusPage };
  const base = createServices(config, { log, timeouts, cluster, tallies, stack, ...named });
  const { registry, schedulers } = createRegistry(base, source);
  const pages = { exampleId, exampleTasks, statusOnFirstPort: statusPage.onFirstPort };
  const { server, executor, connections, admission, ...http } = await createHttpStack(base, registry, pages);
  const mounted = mountable(server, path);
  const url = listen ? urlOf(config.host, (await server.listen(config.port, config.host)).port) : '';
  const adminPort = await listenForAdmin(base);
  const { readiness, status } = base;
  const closables = [...http.closables, ...(status ? [status] : [])];
  readiness.phase = 'ready';
  const counts = (): GatewayCounts => countsOf(registry, executor, connections);
  const live = { watches: registry, schedulers, executor, connections, admission };
  const sources = { ...tallies, ...live, limits: config.upstream, readiness, droppedLogLines };
  base.metrics.observe(sources);
  status?.observe(sources);
  const owned = stack.move();
  return {
    url,
    ...mounted,
    adminUrl: adminPort === null ? null : urlOf(config.host, adminPort),
    counts,
    drain: () => {
      readiness.phase = 'draining';
      const idle = Promise.all([connections.idle(), server.idle()]);
      return gracefulShutdown({ graceMs: config.shutdownGraceMs, closables, idle });
    },
    [Symbol.asyncDispose]: async () => {
      readiness.phase = 'draining';
      await owned.disposeAsync();
    },
  };
}

function countsOf(registry: TaskRegistry, executor: OperationExecutor, connections: ConnectionLimiter): GatewayCounts {
  return { watches: registry.watchedCount, liveResults: executor.liveCount, connections: connections.open };
}

function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The real port of the second listener; null: none is configured. */
async function listenForAdmin({ config, stack, ...options }: SharedServices): Promise<number | null> {
  if (config.adminPort === null) return null;
  return stack.use(new AdminServer(options)).listen(config.adminPort, config.host);
}
