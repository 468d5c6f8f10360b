import { globSync } from 'node:fs';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { TestModule } from 'vitest/node';
import { ClientsReporter, documentedTests } from './clients-reporter.ts';
import { ROOT } from './markdown.ts';
import { PROTOCOL_PAGES, protocolRows } from './protocol-rows.ts';
import { ProtocolsReporter } from './protocols-reporter.ts';

/** A file of one test or several that have ended. */
function moduleOf(moduleId: string, names: readonly string[], state: string): TestModule {
  const tests = names.map((name) => ({ name, fullName: name, result: () => ({ state }) }));
  return { moduleId, project: { name: 'clients' }, children: { allTests: () => tests } } as unknown as TestModule;
}

let exitCode: typeof process.exitCode;
beforeEach(() => {
  ({ exitCode } = process);
  for (const output of [process.stdout, process.stderr]) vi.spyOn(output, 'write').mockReturnValue(true);
});
afterEach(() => {
  process.exitCode = exitCode;
  vi.restoreAllMocks();
});

async function expectToFailOnSkipped(
  reporter: ProtocolsReporter | ClientsReporter,
  modules: (state: string) => readonly TestModule[],
): Promise<void> {
  const exitCodeOf = async (state: string, pattern?: RegExp) => {
    process.exitCode = undefined;
    reporter.onInit({ getGlobalTestNamePattern: () => pattern });
    await reporter.onTestRunEnd(modules(state));
    return process.exitCode;
  };
  expect(await exitCodeOf('passed')).toBeUndefined();
  expect(await exitCodeOf('skipped')).toBe(1);
  expect(await exitCodeOf('skipped', /one test/)).toBeUndefined();
}

it('a whole run fails when a test that docs/protocols names is skipped', async () => {
  const rows = (await Promise.all(PROTOCOL_PAGES.map(protocolRows))).flat();
  const files = Map.groupBy(rows, ({ file }) => file);
  await expectToFailOnSkipped(new ProtocolsReporter(), (state) =>
    Array.from(files, ([file, named], index) =>
      moduleOf(
        file,
        named.map(({ name }) => name),
        index === 0 ? state : 'passed',
      ),
    ),
  );
});

it('a whole run fails when a test of a cell in docs/clients is skipped', async () => {
  const [first = '', ...rest] = await documentedTests();
  const files = globSync('test/clients/*.test.ts', { cwd: ROOT });
  await expectToFailOnSkipped(new ClientsReporter(), (state) => [
    moduleOf('first', [first], state),
    moduleOf('rest', rest, 'passed'),
    ...files.slice(2).map((file) => moduleOf(file, [], 'passed')),
  ]);
});
