import { afterEach, expect, test, vi } from 'vitest';
import manifest from '../package.json' with { type: 'json' };

const { argv, version } = process;
const setVersion = (value: string): unknown => Object.defineProperty(process, 'version', { value });

afterEach(() => {
  process.argv = argv;
  setVersion(version);
  vi.restoreAllMocks();
});

class Exit extends Error {}

/** Runs the command in this process, whose Node claims a version. An exit ends the command alone. */
async function run(args: readonly string[], claimed = version) {
  const result = { code: 0, stdout: '', stderr: '' };
  const record = (name: 'stdout' | 'stderr') =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      result[name] += String(text);
      return true;
    });
  const outputs = [record('stdout'), record('stderr')];
  vi.spyOn(process, 'exit').mockImplementation((code) => {
    result.code = Number(code);
    throw new Exit();
  });
  process.argv = [...argv.slice(0, 2), ...args];
  setVersion(claimed);
  vi.resetModules();
  await import('../src/cli.ts').catch((error: unknown) => {
    if (!(error instanceof Exit)) throw error;
  });
  for (const output of outputs) output.mockRestore();
  return result;
}

test.each(['--help', '-h'])('%s lists the variables on standard output, and starts nothing', async (option) => {
  const { code, stdout, stderr } = await run([option]);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^Usage: /i);
  for (const name of ['A2E_API_TOKEN', 'PORT', 'REDIS_URL']) expect(stdout).toContain(name);
});

test('--version prints the version of the package', async () => {
  expect(await run(['--version'])).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' });
});

test.each(['--prot', '-x', 'start', '--demo=yes', '--help=no'])(
  '%s is refused with 2 and the option that helps',
  async (argument) => {
    const { code, stdout, stderr } = await run([argument]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(argument.split('=', 1)[0]);
    expect(stderr).toMatch(/\nTry --help\.\n$/);
  },
);

test.each(['v18.20.4', 'v24.8.99', 'v25.99.0'])('Node %s is refused with 1 before any option is read', async (old) => {
  const stderr = `Node 24.9 or 26 is needed, this is ${old}.\n`;
  expect(await run(['--prot'], old)).toEqual({ code: 1, stdout: '', stderr });
});

test.each(['v24.9.0', 'v24.10.0', 'v26.0.0', 'v26.0.0-nightly', 'v30.1.0'])('Node %s is accepted', async (enough) => {
  expect(await run(['--version'], enough)).toMatchObject({ code: 0, stderr: '' });
});
