import { enableCompileCache, flushCompileCache } from 'node:module';
import type { Config } from './config.ts';
import type { Gateway } from './gateway.ts';

// Whatever is loaded from here on is compiled once, not at every start: that is half of the time until it listens.
enableCompileCache();
const { default: closeWithGrace } = await import('close-with-grace');
const { ConfigError, loadConfig } = await import('./config.ts');
const { createGateway } = await import('./gateway.ts');
const { createLogger } = await import('./observability/log.ts');

const config = readConfig();
const log = createLogger(config.logLevel);
let gateway: Gateway | null = null;
let exitCode = 0;

/**
 * A signal drains and exits with 0, by `SHUTDOWN_GRACE_MS` at the latest; a second one exits at once. What nobody has
 * foreseen leaves the process in a state that nobody knows: it is logged, the process drains and exits with 1, and
 * whoever supervises it starts another.
 */
closeWithGrace(
  {
    delay: config.shutdownGraceMs,
    logger: false,
    onTimeout: () => process.exit(exitCode),
    onSecondError: (error) => log.fatal({ err: error }, 'unforeseen while closing'),
  },
  async ({ signal, err }) => {
    if (err) exitCode = 1;
    if (err) log.fatal({ err }, 'unforeseen: draining');
    else log.info({ signal }, 'draining');
    await gateway?.drain();
    await gateway?.[Symbol.asyncDispose]();
  },
);

try {
  gateway = await createGateway(config, { log });
  process.stdout.write(`listening on ${gateway.url}\n`);
  flushCompileCache();
} catch (error) {
  refuse(error);
}

function readConfig(): Config {
  try {
    return loadConfig(process.env);
  } catch (error) {
    return refuse(error);
  }
}

/** Exits with 2 and a message that names every faulty variable, or with 1 for anything else that forbids the start. */
function refuse(error: unknown): never {
  if (error instanceof ConfigError) {
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
  createLogger('fatal').fatal({ err: error }, 'cannot start');
  process.exit(1);
}
