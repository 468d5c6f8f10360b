import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AWS_RESULT_PATH, answerCall, type SimulatorState } from './a2e-call.ts';
import { answerAdmin } from './admin.ts';
import { sendHtml, sendJson } from './answer.ts';
import { CallLog } from './call-log.ts';
import { Connections } from './connections.ts';
import { ADMIN_PATH, type SimulatorControl } from './control.ts';
import { FaultRegistry } from './fault-registry.ts';
import { answerGenerate, GENERATE_PATH } from './generate-call.ts';
import { RESULTS_PATH, sendVideo } from './result-video.ts';
import { type AutoCreate, TaskStore } from './task-store.ts';
import type { TokenPolicy } from './token-policy.ts';
import { createControl } from './world-control.ts';

/** All optional. */
export interface SimulatorOptions {
  /** Default 0: a free one. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** The bearer tokens that are good (default `demo-token` alone), or `*` for any. */
  readonly tokens?: TokenPolicy['tokens'];
  /** How other tokens are refused (default `http401`). */
  readonly refusal?: TokenPolicy['refusal'];
  /** The clock of the tasks, in ms since the epoch (default `Date.now`). Calls are timed by the machine's all the same. */
  readonly now?: () => number;
  /** How long the answer to every read of a task takes (default 0). */
  readonly latencyMs?: number;
  /** 2 runs through every timeline in half the time (default 1). */
  readonly speed?: number;
  /** Which tasks exist without being added (default: the demo tasks only). */
  readonly autoCreate?: AutoCreate;
  /** How many single calls are kept for `calls` and `callsFor` (default 1,000,000); counts go on beyond. */
  readonly maxCalls?: number;
}

/** A running A2E to develop, test, measure and demonstrate against. */
export interface Simulator extends SimulatorControl, AsyncDisposable {
  /** Its origin, for `A2E_API_URL`. */
  readonly url: string;
  readonly port: number;
}

/**
 * Starts an HTTP server that answers `POST /api/v1/video/awsResult` as A2E documents it, with tasks that live on a
 * clock, faults on demand and exact counts; `POST /api/v1/video/generate` creates a task, without faults, delay or counts.
 * Resolves once it listens; rejects when it cannot (port taken). Disposing of it cuts every connection at once.
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { port = 0, host = '127.0.0.1' } = options;
  const server = createServer({ keepAliveTimeout: 75_000 });
  const connections = new Connections(server);
  server.listen({ port, host, backlog: 4096 });
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
  const world = createState(options, url);
  const control = createControl(world, () => connections.cut());
  server.on('request', (request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    if (isUnder(path, ADMIN_PATH)) connections.spare(request.socket);
    // A mistake in a script or a fault shows as a 500 that says so, instead of ending the process of a test.
    route(world, control, path, request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else sendJson(response, 500, { error: `simulator: ${String(error)}` });
    });
  });
  return {
    ...control,
    url,
    port: address.port,
    async [Symbol.asyncDispose]() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      connections.cutAll();
      await closed;
    },
  };
}

function createState(options: SimulatorOptions, resultOrigin: string): SimulatorState {
  const { tokens = ['demo-token'], refusal = 'http401', now = Date.now, latencyMs = 0 } = options;
  const { speed = 1, autoCreate = () => false, maxCalls = 1_000_000 } = options;
  const tasks = new TaskStore({ now, speed, autoCreate });
  const log = new CallLog(maxCalls);
  return {
    access: { tokens, refusal },
    down: false,
    latencyMs,
    now,
    resultOrigin,
    tasks,
    faults: new FaultRegistry(),
    log,
  };
}

async function route(
  world: SimulatorState,
  control: SimulatorControl,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (isUnder(path, ADMIN_PATH)) await answerAdmin(control, request, response, path);
  else if (path === AWS_RESULT_PATH && request.method === 'POST') await answerCall(world, request, response);
  else if (path === GENERATE_PATH && request.method === 'POST') await answerGenerate(world, request, response);
  else if (world.down) request.socket.destroy();
  else if (path.startsWith(RESULTS_PATH)) sendVideo(request, response);
  else sendHtml(response, 404);
}

function isUnder(path: string, root: string): boolean {
  return path === root || path.startsWith(`${root}/`);
}
