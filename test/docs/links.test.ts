import { stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { DOCUMENTS, Markdown, ROOT } from './markdown.ts';

/** Why a link leads nowhere, or null. */
async function fault(from: Markdown, link: string): Promise<string | null> {
  const [path = '', fragment] = link.split('#');
  const target = path === '' ? from.path : relative(ROOT, join(ROOT, dirname(from.path), path));
  if (target.startsWith('..')) return `${link}: outside the repository`;
  if (!(await stat(join(ROOT, target)).catch(() => null))) return `${link}: no such file`;
  if (fragment === undefined || (await Markdown.read(target)).anchors.includes(fragment)) return null;
  return `${link}: no such heading`;
}

test.each(DOCUMENTS)('%s has no dead link', async (path) => {
  const markdown = await Markdown.read(path);
  const inside = markdown.links.filter((link) => !/^https?:/.test(link));
  const faults = await Promise.all(inside.map((link) => fault(markdown, link)));
  expect(faults.filter((found) => found !== null)).toEqual([]);
});

test('the README leads to the other documents', async () => {
  const others = ['CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md', 'LICENSE', 'schema.graphql'];
  const pages = DOCUMENTS.filter((path) => /^docs\/[^/]+$/.test(path));
  const { links } = await Markdown.read('README.md');
  expect([...others, ...pages].filter((path) => !links.includes(path))).toEqual([]);
});
