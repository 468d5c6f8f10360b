import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { IMAGE_SIZE, imagePath, SCHEMES } from './images.ts';
import { ROOT } from './markdown.ts';

/** The most that a screenshot may add to a clone of the repository. */
const MAX_BYTES = 150_000;

/** The signature of a PNG, then the length (13) and the type of its first chunk. */
const PNG_START = '89504e470d0a1a0a0000000d49484452';

const PAGES = ['watch-page', 'graphiql', 'react', 'status-page'];
const IMAGES = PAGES.flatMap((page) => SCHEMES.map((scheme) => imagePath(page, scheme)));

test.each(IMAGES)('%s is a small PNG of the size of all screenshots', async (path) => {
  const image = await readFile(join(ROOT, path));
  expect(image.toString('hex', 0, 16)).toBe(PNG_START);
  expect({ width: image.readUInt32BE(16), height: image.readUInt32BE(20) }).toEqual(IMAGE_SIZE);
  expect(image.length).toBeLessThan(MAX_BYTES);
});

test('there is no other image', async () => {
  expect(new Set(await Array.fromAsync(glob('docs/images/*', { cwd: ROOT })))).toEqual(new Set(IMAGES));
});

test('the package has no images', () => {
  expect(manifest.files).toEqual(['dist', 'schema.graphql', 'schema.subgraph.graphql']);
});
