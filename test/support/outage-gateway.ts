import { loadConfig } from '../../src/config.ts';
import { createGateway, type Gateway, type GatewayOptions } from '../../src/gateway.ts';
import { createLogger } from '../../src/observability/log.ts';
import { CallbackQueue } from './callback-queue.ts';
import { connect } from './ws-client.ts';

/** The interval of its polls, in ms. */
export const INTERVAL_MS = 500;

/** A log line about an outage. */
export interface Line {
  readonly level: number;
  readonly msg: string;
  readonly reason?: string;
  readonly failures?: Readonly<Record<string, number>>;
}

/** A gateway with its log lines. */
export interface OutageGateway extends AsyncDisposable {
  readonly gateway: Gateway;
  readonly lines: CallbackQueue<Line>;
}

export async function startOutageGateway(
  env: Readonly<Record<string, string>>,
  options: GatewayOptions = {},
): Promise<OutageGateway> {
  const config = loadConfig({
    PORT: '0',
    POLL_INTERVAL_MS: `${INTERVAL_MS}`,
    POLL_MAX_INTERVAL_MS: `${INTERVAL_MS}`,
    A2E_API_TOKEN: 'demo-token',
    ...env,
  });
  const lines = new CallbackQueue<Line>();
  const log = createLogger('info', { write: (line) => lines.put(JSON.parse(line) as Line) });
  const gateway = await createGateway(config, { log, statusPage: { onFirstPort: true, everyMs: 200 }, ...options });
  return { gateway, lines, [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose]() };
}

/** Watches tasks on one socket, 100 to a subscription. */
export async function watchTasks(url: string, tasks: number, stack: AsyncDisposableStack): Promise<void> {
  const client = stack.use(await connect(url));
  for (let first = 0; first < tasks; first += 100) {
    const ids = Array.from({ length: Math.min(100, tasks - first) }, (_, index) => `task-${first + index}`);
    client.subscribe(`${first}`, 'subscription ($ids: [ID!]!) { taskStatuses(ids: $ids) { id } }', { ids });
  }
}
