import { basename } from 'node:path';
import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node';
import { caseNames, PROTOCOL_PAGES, type ProtocolRow, protocolRows } from './protocol-rows.ts';

/**
 * Fails a test run when a test that docs/protocols names has no case, or a case that has not passed. It looks at runs of
 * all files that docs/protocols names alone, without a pattern of names (`-t`).
 */
export class ProtocolsReporter implements Reporter {
  #pattern: RegExp | undefined;

  onInit(vitest: Pick<Vitest, 'getGlobalTestNamePattern'>): void {
    this.#pattern = vitest.getGlobalTestNamePattern();
  }

  async onTestRunEnd(modules: readonly TestModule[]): Promise<void> {
    const rows = (await Promise.all(PROTOCOL_PAGES.map(protocolRows))).flat();
    const named = new Set(rows.map(({ file }) => file));
    const tests = new Map(
      modules
        .map((module) => [basename(module.moduleId), [...module.children.allTests()]] as const)
        .filter(([file]) => named.has(file)),
    );
    if (tests.size < named.size || this.#pattern) return;
    const missing = rows.filter((row) => !hasPassed(row, tests.get(row.file) ?? []));
    for (const { page, file, name } of missing) process.stderr.write(`${page}: has not passed: ${file}: ${name}\n`);
    if (missing.length > 0) process.exitCode = 1;
    process.stdout.write(`${rows.length} sentences of docs/protocols compared with the tests of the server\n`);
  }
}

function hasPassed(row: ProtocolRow, tests: readonly TestCase[]): boolean {
  const names = caseNames(row);
  const cases = tests.filter((test) => names.test(test.name));
  return cases.length > 0 && cases.every((test) => test.result().state === 'passed');
}
