import { loadConfig } from './config.ts';
import { createGateway } from './gateway.ts';
import { createLogger } from './log.ts';
import { DEMO_TASKS } from './simulator/demo-tasks.ts';
import { startSimulator } from './simulator/simulator.ts';

/** The main job with nothing to sign up for: a simulated A2E, and the gateway in front of it. */
const LIVE_ID = 'demo-success';

await using simulator = await startSimulator();
const config = loadConfig({
  POLL_INTERVAL_MS: '1000',
  POLL_MAX_INTERVAL_MS: '2000',
  LOG_LEVEL: 'warn',
  ...process.env,
  A2E_API_URL: simulator.url,
  A2E_API_TOKEN: 'demo-token',
  AUTH_MODE: 'open',
});
await using gateway = await createGateway(config, { log: createLogger(config.logLevel), exampleId: LIVE_ID });

const width = Math.max(...DEMO_TASKS.map(({ id }) => id.length));
const tasks = DEMO_TASKS.map(({ id, description }) => `  ${id.padEnd(width)}  ${description}`);
process.stdout.write(`listening on ${gateway.url}

  Watch page   ${gateway.url}/?id=${LIVE_ID}
  GraphiQL     ${gateway.url}/graphql
  WebSocket    ${gateway.url.replace('http', 'ws')}/graphql

A live task id to paste: ${LIVE_ID}
Others (add -1, -2, … to any for a fresh one):
${tasks.join('\n')}

Ctrl-C ends it.
`);

await new Promise<void>((resolve) => {
  process.once('SIGINT', () => resolve());
  process.once('SIGTERM', () => resolve());
});
