import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { enablePrivateCompileCache } from './compile-cache.ts';
import type { Config } from './config.ts';
import type { Gateway } from './gateway.ts';
import type { TracingSdk } from './observability/tracing/start-sdk.ts';
import { HANDLED_SIGNALS, shutdownSignal } from './process/shutdown-signal.ts';

const signalled = shutdownSignal(process.env['_']);
// Modules loaded from here on are compiled once, not at every start, which halves the time until the gateway listens.
// The cache lies in the installation, because all users of the machine share the default directory.
enablePrivateCompileCache(join(import.meta.dirname, '../node_modules/.cache/video-task-gateway'));
const { default: closeWithGrace } = await import('close-with-grace');
const { ConfigError, loadConfig } = await import('./config.ts');
const { createGateway } = await import('./gateway.ts');
const { startTracing } = await import('./composition/start-tracing.ts');
const { createLogger } = await import('./observability/log.ts');
const { LogOutput } = await import('./observability/log-output.ts');
const { outputOf } = await import('./process/output.ts');

// A broken standard output does not stop the start, because only the listening line is lost.
const standardOutput = outputOf(process.stdout);
const standardError = outputOf(process.stderr);
const logOutput = new LogOutput(standardError);
const config = readConfig();
const log = createLogger(config.logLevel, logOutput);
let gateway: Gateway | null = null;
let tracing: TracingSdk | null = null;
let exitCode = 0;
let closing = false;

/**
 * An uncaught error leaves the process in an unknown state. The gateway logs the error, drains and exits with 1, so
 * that its supervisor starts another process.
 */
const { close } = closeWithGrace(
  {
    delay: config.shutdownGraceMs,
    logger: false,
    skip: HANDLED_SIGNALS,
    onTimeout: () => process.exit(exitCode),
    onSecondError: (error) => log.fatal({ err: error }, 'uncaught error while closing'),
  },
  async ({ err }) => {
    closing = true;
    if (err) exitCode = 1;
    if (err) log.fatal({ err }, 'uncaught error: draining');
    await gateway?.drain();
    await gateway?.[Symbol.asyncDispose]();
    await tracing?.flush();
  },
);

/** The first signal drains and exits with 0, by `SHUTDOWN_GRACE_MS` at the latest; further signals are ignored. */
void signalled.then((signal) => {
  if (closing) return;
  log.info({ signal }, 'draining');
  void close();
});
// The signals of the time in which the modules were loaded arrive in the next turn of the event loop, and end the start.
await setImmediate();

try {
  tracing = await startTracing(config.otlpEndpoint, process.env, log);
  gateway = await createGateway(config, { log, droppedLogLines: () => logOutput.dropped });
  standardOutput.write(`listening on ${gateway.url}\n`);
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

/** Exits with 2 and a message that names every faulty variable, or with 1 for every other error of the start. */
function refuse(error: unknown): never {
  if (error instanceof ConfigError) {
    standardError.write(`${error.message}\n`);
    process.exit(2);
  }
  createLogger('fatal', logOutput).fatal({ err: error }, 'cannot start');
  process.exit(1);
}
