import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

const SRC = join(import.meta.dirname, '../src');
/** Static, dynamic, re-exporting and type-only imports alike. */
const IMPORT = /(?:from|import)\s*\(?\s*'(\.[^']+)'/g;

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => /\.(ts|js)$/.test(file));
const graph = new Map(files.map((file) => [file, importsOf(file)]));

function importsOf(file: string): string[] {
  const text = readFileSync(join(SRC, file), 'utf8');
  return Array.from(text.matchAll(IMPORT), ([, specifier = '']) =>
    relative(SRC, join(SRC, dirname(file), specifier)),
  ).filter((imported) => files.includes(imported));
}

/** The first cycle of a graph, as a path that ends where it began; null when there is none. */
function findCycle(edges: ReadonlyMap<string, readonly string[]>): string[] | null {
  const done = new Set<string>();
  const visit = (node: string, path: readonly string[]): string[] | null => {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node];
    if (done.has(node)) return null;
    for (const next of edges.get(node) ?? []) {
      const cycle = visit(next, [...path, node]);
      if (cycle) return cycle;
    }
    done.add(node);
    return null;
  };
  for (const node of edges.keys()) {
    const cycle = visit(node, []);
    if (cycle) return cycle;
  }
  return null;
}

test('finds a cycle where there is one', () => {
  const edges = new Map([
    ['a', ['b']],
    ['b', ['c']],
    ['c', ['b']],
  ]);
  expect(findCycle(edges)).toEqual(['b', 'c', 'b']);
});

test('no files of src import each other in a circle, types included', () => {
  expect(files.length).toBeGreaterThan(100);
  expect(findCycle(graph)).toBeNull();
});

test('no folders of src import each other in a circle, types included', () => {
  const folders = new Map<string, Set<string>>();
  for (const [file, imports] of graph) {
    const from = dirname(file);
    const others = imports
      .map((imported) => dirname(imported))
      .filter((to) => to !== from && to !== '.' && from !== '.');
    folders.set(from, new Set([...(folders.get(from) ?? []), ...others]));
  }
  expect(findCycle(new Map(Array.from(folders, ([from, to]) => [from, [...to]])))).toBeNull();
});
