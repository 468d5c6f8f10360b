import { expect, test } from 'vitest';
import { descriptions } from '../../src/config/descriptions.ts';
import { helpText } from '../../src/config/help-text.ts';
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
