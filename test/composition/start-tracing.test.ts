import { registerHooks } from 'node:module';
import { trace } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { startTracing } from '../../src/composition/start-tracing.ts';
import { ConfigError } from '../../src/config.ts';
import { createLogger } from '../../src/observability/log.ts';
import { RegisteredTracer } from '../../src/observability/tracing/registered-tracer.ts';

const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://127.0.0.1:4318';

/** Until the disposal Node's loader fails with this code where it looks for the package. */
function unusable(name: string, code: string): Disposable {
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      if (!specifier.includes(`/${name}/`)) return next(specifier, context);
      throw Object.assign(new Error(`${name} cannot be loaded`), { code });
    },
  });
  return { [Symbol.dispose]: () => hooks.deregister() };
}

/** The error of a start with these variables. */
function failure(variables: Readonly<Record<string, string>>): Promise<unknown> {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT, ...variables };
  return startTracing(OTEL_EXPORTER_OTLP_ENDPOINT, env, createLogger('silent', { write: () => {} })).then(
    () => trace.disable(),
    (error: unknown) => error,
  );
}

// A failed load is kept, so each test has a package of its own.

test('a package that is not installed stops the start with the command that installs it', async () => {
  using _absent = unusable('exporter-trace-otlp-proto', 'ERR_MODULE_NOT_FOUND');
  const error = await failure({});
  expect(error).toBeInstanceOf(ConfigError);
  expect(`${error}`).toContain(
    `OTEL_EXPORTER_OTLP_ENDPOINT is "${OTEL_EXPORTER_OTLP_ENDPOINT}": it must be unset, or these packages must be installed: npm install @opentelemetry/core`,
  );
  expect(new RegisteredTracer().current).toBeNull();
});

test('a package that is installed and cannot be loaded stops the start with its own error', async () => {
  using _broken = unusable('exporter-trace-otlp-http', 'ERR_INVALID_PACKAGE_CONFIG');
  expect(await failure({ OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' })).toMatchObject({
    code: 'ERR_INVALID_PACKAGE_CONFIG',
    message: 'exporter-trace-otlp-http cannot be loaded',
  });
  expect(new RegisteredTracer().current).toBeNull();
});
