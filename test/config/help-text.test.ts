import { expect, test } from 'vitest';
import { descriptions } from '../../src/config/descriptions.ts';
import { helpText } from '../../src/config/help-text.ts';
import { variables } from '../../src/config/variables.ts';
import { Markdown } from '../docs/markdown.ts';

const page = await Markdown.read('docs/configuration.md');

/** A cell of the documented table as `--help` prints it: without code marks and without links to a section. */
function plain(cell = ''): string {
  return cell.replaceAll(/: see \[[^\]]*\]\([^)]*\)/g, '').replaceAll('`', '');
}

test('describes every variable, in the order they are declared', () => {
  expect(Object.keys(descriptions)).toEqual(Object.keys(variables));
});

test('agrees with the documented table', () => {
  const rows = page.table('Configuration', 'name').map((cells) => cells.map((cell) => plain(cell)));
  const described = Object.entries(descriptions).map(([name, { fallback, meaning }]) => [name, fallback, meaning]);
  expect(described).toEqual(rows);
});

test('prints one line for each variable, with its default', () => {
  const lines = helpText().split('\n');
  for (const [name, { fallback }] of Object.entries(descriptions)) {
    const [line = ''] = lines.filter((candidate) => candidate.startsWith(`  ${name} `));
    expect(line.endsWith(`(default: ${fallback})`)).toBe(true);
  }
});
