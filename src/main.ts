import { ConfigError, loadConfig } from './config.ts';
import { createGateway } from './gateway.ts';
import { createLogger } from './log.ts';

const config = readConfig();
const log = createLogger(config.logLevel);
const gateway = await createGateway(config, { log });
process.stdout.write(`listening on ${gateway.url}\n`);

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    log.info({ signal }, 'closing');
    // What is still open after the grace period does not keep the process.
    setTimeout(() => process.exit(0), config.shutdownGraceMs).unref();
    void gateway[Symbol.asyncDispose]().then(() => process.exit(0));
  });
}

function readConfig(): ReturnType<typeof loadConfig> {
  try {
    return loadConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
}
