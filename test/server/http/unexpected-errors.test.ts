import { expect, test } from 'vitest';
import { createLogger } from '../../../src/observability/log.ts';
import { startGateway } from '../../support/gateway.ts';
import { ask } from '../../support/http-client.ts';

/** A gateway in a program whose own count of dropped log lines throws from `breakCount` on, and its log lines. */
async function startBreakable(env: Readonly<Record<string, string>>) {
  const lines: Record<string, unknown>[] = [];
  const log = createLogger('error', { write: (line) => void lines.push(JSON.parse(line)) });
  let isBroken = false;
  const droppedLogLines = (): number => {
    if (isBroken) throw new TypeError('a detail of the program');
    return 0;
  };
  // The operator page reads the count as well, once before it is broken.
  const statusPage = { onFirstPort: false, everyMs: 3_600_000 };
  const gateway = await startGateway({ A2E_API_TOKEN: 't', ...env }, { log, droppedLogLines, statusPage });
  const breakCount = (): void => {
    isBroken = true;
  };
  return { gateway, lines, breakCount, [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose]() };
}

test.each([
  ['the first port', {}, 'url'],
  ['ADMIN_PORT', { ADMIN_PORT: '0' }, 'adminUrl'],
] as const)('an unexpected error on %s is a 500 without details, and a log line with them', async (_name, env, url) => {
  await using breakable = await startBreakable(env);
  const { gateway, lines } = breakable;
  expect((await ask(`${gateway[url]}/metrics`)).status).toBe(200);
  breakable.breakCount();
  const answer = await ask(`${gateway[url]}/metrics`);
  expect(answer).toMatchObject({ status: 500, body: 'Internal server error' });
  expect(answer.headers['content-type']).toBe('text/plain');
  expect(lines).toMatchObject([{ msg: 'unexpected error', err: { message: 'a detail of the program' } }]);
  expect((await ask(`${gateway[url]}/healthz`)).status).toBe(200);
});
