import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { descriptions } from '../../src/config/descriptions.ts';
import { helpText } from '../../src/config/help-text.ts';
import { otherVariables } from '../../src/config/other-variables.ts';
import { variableGroups } from '../../src/config/variable-groups.ts';
import { variables } from '../../src/config/variables.ts';

test('describes every variable, in the order they are declared', () => {
  expect(Object.keys(descriptions)).toEqual(Object.keys(variables));
});

test('has every variable in one group', () => {
  expect(variableGroups.flatMap(({ names }) => names).toSorted()).toEqual(Object.keys(variables).toSorted());
});

test('prints one line for each variable, with its default', () => {
  const lines = helpText().split('\n');
  for (const [name, { fallback }] of Object.entries(descriptions)) {
    const found = lines.filter((line) => line.startsWith(`  ${name} `));
    expect(found).toEqual([
      expect.stringMatching(RegExp(`\\(default: ${RegExp.escape(fallback.replaceAll('`', ''))}\\)$`)),
    ]);
  }
});

test('has a line for NODE_ENV and for every variable of OpenTelemetry that the sources or docs/tracing.md name', async () => {
  const cwd = join(import.meta.dirname, '../..');
  const files = [...(await Array.fromAsync(glob('src/observability/tracing/*.ts', { cwd }))), 'docs/tracing.md'];
  const texts = await Promise.all(files.map((file) => readFile(join(cwd, file), 'utf8')));
  const named = texts.flatMap((text) => text.match(/\bOTEL_(?:[A-Z]+_)*[A-Z]+\b/g) ?? []);
  const described = [...Object.keys(variables), ...otherVariables.map(({ name }) => name)];
  expect([...new Set(['NODE_ENV', ...named])].filter((name) => !described.includes(name))).toEqual([]);
  for (const { name } of otherVariables) expect(helpText()).toMatch(RegExp(`^  ${name} .*\\(default: `, 'm'));
  const page = texts.at(-1);
  for (const { name } of otherVariables) if (name.startsWith('OTEL_')) expect(page).toContain(`\`${name}`);
});
