import { loadConfig } from '../../src/config.ts';
import { createGateway, type Gateway } from '../../src/gateway.ts';
import { createLogger } from '../../src/observability/log.ts';
import { DEFAULT_TIMEOUTS, type Timeouts } from '../../src/server/limits/timeouts.ts';

/** All but the one for `connection_init`, which a client in the gateway's own process may miss on a busy machine. */
const SHORT_TIMEOUTS: Timeouts = {
  ...DEFAULT_TIMEOUTS,
  headersMs: 300,
  requestMs: 600,
  stallMs: 400,
  pingMs: 240,
};

/** A gateway with short time-outs for clients. It has no upstream unless `env` names one. */
export function startImpatient(
  env: Readonly<Record<string, string>> = {},
  timeouts: Partial<Timeouts> = {},
): Promise<Gateway> {
  const settings = { PORT: '0', LOG_LEVEL: 'silent', A2E_API_TOKEN: 't', A2E_API_URL: 'http://127.0.0.1:1', ...env };
  const config = loadConfig(settings);
  return createGateway(config, {
    log: createLogger(config.logLevel, process.stderr),
    timeouts: { ...SHORT_TIMEOUTS, ...timeouts },
    statusPage: { onFirstPort: true, everyMs: 200 },
  });
}
