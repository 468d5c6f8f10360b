import { setImmediate } from 'node:timers/promises';
import type { Config, Environment } from './config.ts';
import type { Gateway } from './gateway.ts';
import { shutdownSignal } from './process/shutdown-signal.ts';

const signalled = shutdownSignal(process.env['_']);
const { ConfigError, loadConfig } = await import('./config.ts');
const { createGateway } = await import('./gateway.ts');
const { startTracing } = await import('./composition/start-tracing.ts');
const { createLogger } = await import('./observability/log.ts');
const { LogOutput } = await import('./observability/log-output.ts');
const { outputOf } = await import('./process/output.ts');
const { DEMO_TASKS } = await import('./simulator/demo-tasks.ts');
const { startSimulator } = await import('./simulator/simulator.ts');

/**
 * The task that the printed addresses watch. The demo is a simulated A2E with the gateway in front, so it needs no
 * account.
 */
const LIVE_ID = 'demo-success';

// A broken standard output ends neither the start nor the demo.
const standardOutput = outputOf(process.stdout);
const standardError = outputOf(process.stderr);
const logOutput = new LogOutput(standardError);
let listening = false;
// A signal that arrives during the start ends the demo at once, because it has no client yet.
void signalled.then(() => listening || process.exit(0));
// A signal that is already pending is handled before the start.
await setImmediate();
const simulator = await startSimulator();
const config = readConfig(process.env);
const log = createLogger(config.logLevel, logOutput);
const tracing = await startTracing(config.otlpEndpoint, process.env, log).catch(refuse);
const gateway = await startGateway(config).catch(refuse);

const width = Math.max(...DEMO_TASKS.map(({ id }) => id.length));
/** An address that a browser on this machine can open; the wildcard addresses cannot be opened. */
const browsableUrl = gateway.url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
const tasks = DEMO_TASKS.map(({ id, description }) => `  ${id.padEnd(width)}  ${description}`);
listening = true;
standardOutput.write(`listening on ${gateway.url}

  Watch page   ${browsableUrl}/?id=${LIVE_ID}
  GraphiQL     ${browsableUrl}/graphql
  Status       ${browsableUrl}/status
  WebSocket    ${browsableUrl.replace('http', 'ws')}/graphql

A live task id to paste: ${LIVE_ID}
Others (add -1, -2, … to any for a fresh one):
${tasks.join('\n')}

Ctrl-C ends it.
`);

await signalled;
setTimeout(() => process.exit(0), config.shutdownGraceMs).unref();
await gateway.drain();
await gateway[Symbol.asyncDispose]();
await simulator[Symbol.asyncDispose]();
await tracing?.flush();
// A process that ends by itself restores the default of each signal before its end: a signal that npm repeats would kill it.
process.exit(0);

function readConfig(env: Environment): Config {
  try {
    return demoConfig(env);
  } catch (error) {
    return refuse(error);
  }
}

function startGateway(config: Config): Promise<Gateway> {
  return createGateway(config, {
    log,
    exampleId: LIVE_ID,
    exampleTasks: DEMO_TASKS,
    statusPage: { onFirstPort: true },
    droppedLogLines: () => logOutput.dropped,
  });
}

/**
 * Polls every 1 to 2 s so that changes are visible soon, unless the environment sets `POLL_INTERVAL_MS`. GraphiQL is there
 * with `NODE_ENV=production` too, as in the image, because the demo prints its address.
 */
function demoConfig(env: Environment): Config {
  const quick = env['POLL_INTERVAL_MS'] ? {} : { POLL_INTERVAL_MS: '1000', POLL_MAX_INTERVAL_MS: '2000' };
  // The simulator is in this process, whatever the proxies of the environment are for.
  const upstream = { A2E_API_URL: simulator.url, A2E_API_TOKEN: 'demo-token', AUTH_MODE: 'open', no_proxy: '*' };
  const pages = { GRAPHIQL: 'true', INTROSPECTION: 'true' };
  return loadConfig({ LOG_LEVEL: 'warn', ...pages, ...quick, ...env, ...upstream });
}

/** Exits with 2 and a message that names every faulty variable, or with 1 and the reason in one line. */
function refuse(error: unknown): never {
  standardError.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(error instanceof ConfigError ? 2 : 1);
}
