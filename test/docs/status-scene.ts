import { setTimeout } from 'node:timers/promises';
import { loadConfig } from '../../src/config.ts';
import { createGateway } from '../../src/gateway.ts';
import { createLogger } from '../../src/observability/log.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { connect } from '../support/ws-client.ts';

/** Quicker than in production, so that the charts are filled within a minute. In ms. */
const SAMPLE_MS = 250;
const TASKS = 12;
const CLIENTS = 10;
const CLIENT_EVERY_MS = 4_600;

/** A gateway with an operator page that has something to show: tasks, and viewers who come one after the other. */
export interface StatusScene extends AsyncDisposable {
  readonly url: string;
}

/** Resolves once the charts are full. */
export async function playStatusScene(): Promise<StatusScene> {
  await using stack = new AsyncDisposableStack();
  const simulator = stack.use(await startSimulator({ autoCreate: () => ({ timeline: 'churn' }) }));
  const env = { PORT: '0', A2E_API_URL: simulator.url, A2E_API_TOKEN: 'demo-token' };
  const polls = { POLL_INTERVAL_MS: '250', POLL_MAX_INTERVAL_MS: '250' };
  const gateway = stack.use(
    await createGateway(loadConfig({ ...env, ...polls }), {
      log: createLogger('silent', process.stderr),
      statusPage: { onFirstPort: true, everyMs: SAMPLE_MS },
    }),
  );
  for (let client = 0; client < CLIENTS; client += 1) {
    const socket = stack.use(await connect(gateway.url));
    for (let task = 0; task < TASKS; task += 1)
      socket.subscribe(`${task}`, `subscription { taskStatus(id: "task-${task}") { id status progress } }`);
    await setTimeout(CLIENT_EVERY_MS);
  }
  const owned = stack.move();
  return { url: gateway.url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
