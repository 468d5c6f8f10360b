import { loadConfig } from '../../src/config.ts';
import { createGateway, type Gateway, type GatewayOptions } from '../../src/gateway.ts';
import { createLogger } from '../../src/observability/log.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/simulator.ts';
import { capture } from './capture.ts';

export const TOKEN = 'demo-token';

/** A gateway on a free port, with quick polls unless `env` says otherwise; without `A2E_API_TOKEN` it is in passthrough. */
export async function startGateway(
  env: Readonly<Record<string, string>>,
  options: GatewayOptions = {},
): Promise<Gateway> {
  const config = loadConfig({
    PORT: '0',
    POLL_INTERVAL_MS: '100',
    POLL_MAX_INTERVAL_MS: '100',
    POLL_LINGER_MS: '100',
    LOG_LEVEL: 'debug',
    ...env,
  });
  const log = createLogger(config.logLevel, { write: (line) => capture('log', line.trimEnd()) });
  return withMetricsCaptured(await createGateway(config, { log, ...options }));
}

/** Keeps the metrics of a gateway as they are when it is disposed of. */
function withMetricsCaptured(gateway: Gateway): Gateway {
  return {
    ...gateway,
    async [Symbol.asyncDispose]() {
      await fetch(`${gateway.url}/metrics`).then(
        async (response) => capture('metrics', await response.text()),
        () => {},
      );
      await gateway[Symbol.asyncDispose]();
    },
  };
}

export interface Pair extends AsyncDisposable {
  readonly simulator: Simulator;
  readonly gateway: Gateway;
}

/** A simulator and, in front of it, a gateway in open mode; `A2E_API_TOKEN: ''` makes it passthrough. */
export async function startPair(
  env: Readonly<Record<string, string>> = {},
  options: SimulatorOptions = {},
  gatewayOptions: GatewayOptions = {},
): Promise<Pair> {
  await using stack = new AsyncDisposableStack();
  const simulator = stack.use(await startSimulator({ tokens: [TOKEN], ...options }));
  const gateway = stack.use(
    await startGateway({ A2E_API_URL: simulator.url, A2E_API_TOKEN: TOKEN, ...env }, gatewayOptions),
  );
  const owned = stack.move();
  return { simulator, gateway, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
