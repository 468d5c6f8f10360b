import { globSync } from 'node:fs';
import type { Reporter, TestModule, Vitest } from 'vitest/node';
import { Markdown, ROOT } from './markdown.ts';

const DOCUMENTS = 'docs/clients.md and docs/clients/outcomes.md';

/**
 * Fails a test run when a cell of a table of clients has no test of its name that has passed, or such a test has no cell.
 * It looks at complete runs of test/clients alone, without a pattern of names (`-t`).
 */
export class ClientsReporter implements Reporter {
  #pattern: RegExp | undefined;

  onInit(vitest: Pick<Vitest, 'getGlobalTestNamePattern'>): void {
    this.#pattern = vitest.getGlobalTestNamePattern();
  }

  async onTestRunEnd(modules: readonly TestModule[]): Promise<void> {
    const clients = modules.filter(({ project }) => project.name === 'clients');
    const tests = clients.flatMap(({ children, moduleId }) => (isOfClients(moduleId) ? [...children.allTests()] : []));
    const complete = clients.length === globSync('test/clients/*.test.ts', { cwd: ROOT }).length;
    if (!complete || this.#pattern) return;
    const passed = new Set(tests.filter((test) => test.result().state === 'passed').map(({ fullName }) => fullName));
    const documented = new Set(await documentedTests());
    report('no test has passed', documented.difference(passed));
    report('no cell', new Set([...passed].filter((name) => name.includes(' > '))).difference(documented));
    process.stdout.write(`${documented.size} cells of ${DOCUMENTS} compared with the tests of clients\n`);
  }
}

/** test/clients also has the packages of the servers that the gateway is mounted on; these are no clients. */
function isOfClients(moduleId: string): boolean {
  return !moduleId.endsWith('/embedding.test.ts');
}

/** The tables: where they stand, and their columns after the client. */
const TABLES = [
  { path: 'docs/clients.md', heading: 'Outcomes', columns: ['first result', 'cut line', 'restart', 'final state'] },
  { path: 'docs/clients/outcomes.md', heading: 'Processes', columns: ['SIGTERM', 'SIGKILL'] },
] as const;

/** The full names of the tests that the cells name. */
export async function documentedTests(): Promise<readonly string[]> {
  const tables = TABLES.map(async ({ path, heading, columns }) => {
    const rows = (await Markdown.read(path)).table(heading, 'client');
    return rows.flatMap(([client, ...cells]) => cells.map((cell, index) => `${client} > ${columns[index]}: ${cell}`));
  });
  return (await Promise.all(tables)).flat();
}

function report(problem: string, names: ReadonlySet<string>): void {
  if (names.size === 0) return;
  process.exitCode = 1;
  process.stderr.write(`${DOCUMENTS}: ${problem}: ${[...names].join('; ')}\n`);
}
