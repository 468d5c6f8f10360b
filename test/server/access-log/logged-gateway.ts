import { loadConfig } from '../../../src/config.ts';
import { createGateway, type Gateway } from '../../../src/gateway.ts';
import { createLogger } from '../../../src/observability/log.ts';
import { DEFAULT_TIMEOUTS, type Timeouts } from '../../../src/server/limits/timeouts.ts';
import type { TaskSource } from '../../../src/task/task-source.ts';
import { CallbackQueue } from '../../support/callback-queue.ts';
import { capture } from '../../support/capture.ts';
import { ScriptedSource } from '../../task/scripted-source.ts';

/** A log line. */
export type Line = Readonly<Record<string, unknown>> & { readonly msg: string };

/** A gateway with its log lines and a source that tests script. */
export interface LoggedGateway extends AsyncDisposable {
  readonly url: string;
  readonly gateway: Gateway;
  readonly lines: CallbackQueue<Line>;
  /** The first line, past or future, with a message and these fields. */
  line(msg: string, fields?: Readonly<Record<string, unknown>>): Promise<Line>;
}

interface Options {
  readonly source?: TaskSource;
  readonly timeouts?: Partial<Timeouts>;
}

export async function startLogged(
  level: string,
  env: Readonly<Record<string, string>> = {},
  { source = new ScriptedSource(), timeouts = {} }: Options = {},
): Promise<LoggedGateway> {
  const settings = { PORT: '0', POLL_INTERVAL_MS: '100', POLL_MAX_INTERVAL_MS: '100', A2E_API_TOKEN: 't', ...env };
  const lines = new CallbackQueue<Line>();
  const log = createLogger(level, {
    write(line) {
      capture('log', line.trimEnd());
      lines.put(JSON.parse(line) as Line);
    },
  });
  const options = { log, source, timeouts: { ...DEFAULT_TIMEOUTS, ...timeouts } };
  const gateway = await createGateway(loadConfig(settings), options);
  const fits = (line: Line, fields: Readonly<Record<string, unknown>>): boolean =>
    Object.entries(fields).every(([name, value]) => line[name] === value);
  return {
    url: gateway.url,
    gateway,
    lines,
    line: (msg, fields = {}) => lines.find((line) => line.msg === msg && fits(line, fields)),
    [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
  };
}
