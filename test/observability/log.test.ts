import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const LOG = JSON.stringify(join(import.meta.dirname, '../../src/observability/log.ts'));

/** The standard error of a process that runs this code with a `log`. */
function run(
  level: string,
  code: string,
): { readonly stdout: string; readonly lines: readonly Record<string, unknown>[] } {
  const program = `import { createLogger } from ${LOG}; const log = createLogger('${level}', process.stderr); ${code}`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  const lines = stderr.split('\n').filter((line) => line !== '');
  return { stdout, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

test('lines are JSON on standard error, down to the last one before an exit', () => {
  const { stdout, lines } = run(
    'info',
    `log.debug('no'); log.info({ task: 'a1' }, 'yes'); log.fatal('last'); process.exit(3);`,
  );
  expect(stdout).toBe('');
  expect(lines).toEqual([
    { level: 30, time: expect.any(Number), task: 'a1', msg: 'yes' },
    { level: 60, time: expect.any(Number), msg: 'last' },
  ]);
});

test('a value with the name of a secret is masked at every level', () => {
  const { lines } = run(
    'info',
    `log.info({ token: 'hunter2', credential: { token: 'hunter2', key: 'k' } });
     log.info({ request: { headers: { authorization: 'hunter2', Authorization: 'hunter2', cookie: 'hunter2' } } });
     log.child({ password: 'hunter2' }).info({ config: { auth: { secret: 'hunter2' } }, answer: { body: 'hunter2' } });`,
  );
  expect(lines).toHaveLength(3);
  expect(JSON.stringify(lines)).not.toContain('hunter2');
  expect(lines[0]).toMatchObject({ token: '***', credential: { token: '***', key: 'k' } });
});

test('the level silent logs no line', () => {
  expect(run('silent', `log.fatal('no');`).lines).toEqual([]);
});
