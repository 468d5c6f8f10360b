import { type Config, ConfigError, type Environment, loadConfig } from './config.ts';
import { createGateway, type Gateway } from './gateway.ts';
import { createLogger } from './observability/log.ts';
import { DEMO_TASKS } from './simulator/demo-tasks.ts';
import { startSimulator } from './simulator/simulator.ts';

/** The main job with nothing to sign up for: a simulated A2E, and the gateway in front of it. */
const LIVE_ID = 'demo-success';

await using simulator = await startSimulator();
await using gateway = await startGateway(process.env).catch(refuse);

const width = Math.max(...DEMO_TASKS.map(({ id }) => id.length));
/** Where a browser on this machine finds it: an address that means all of them is none to open. */
const open = gateway.url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
const tasks = DEMO_TASKS.map(({ id, description }) => `  ${id.padEnd(width)}  ${description}`);
process.stdout.write(`listening on ${gateway.url}

  Watch page   ${open}/?id=${LIVE_ID}
  GraphiQL     ${open}/graphql
  WebSocket    ${open.replace('http', 'ws')}/graphql

A live task id to paste: ${LIVE_ID}
Others (add -1, -2, … to any for a fresh one):
${tasks.join('\n')}

Ctrl-C ends it.
`);

await new Promise<void>((resolve) => {
  process.once('SIGINT', () => resolve());
  process.once('SIGTERM', () => resolve());
});

async function startGateway(env: Environment): Promise<Gateway> {
  const config = demoConfig(env);
  return createGateway(config, { log: createLogger(config.logLevel), exampleId: LIVE_ID });
}

/** Polls quickly, so that something is to be seen, unless the environment says how. */
function demoConfig(env: Environment): Config {
  const quick = env['POLL_INTERVAL_MS'] ? {} : { POLL_INTERVAL_MS: '1000', POLL_MAX_INTERVAL_MS: '2000' };
  const upstream = { A2E_API_URL: simulator.url, A2E_API_TOKEN: 'demo-token', AUTH_MODE: 'open' };
  return loadConfig({ LOG_LEVEL: 'warn', ...quick, ...env, ...upstream });
}

/** Exits with 2 and a message that names every faulty variable, or with 1 and the reason in one line. */
function refuse(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(error instanceof ConfigError ? 2 : 1);
}
