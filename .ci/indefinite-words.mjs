// node .ci/indefinite-words.mjs [--list]: counts indefinite words in the comments of src. Exits with 1 above the limit.
// Code in backticks, tags ({@link X}, @param x) and URLs are left out. The simulator is left out.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Indefinite words per 100 words of comments. TanStack Query has 0.19, graphql-ws 0.22, undici 0.25. */
const LIMIT = 0.4;
const INDEFINITE = new RegExp(
  `\\b(${[
    'whoever|whomever|whatever|whichever|whose|who|whom|what',
    'nobody|somebody|everybody|anybody|no one|someone|everyone|anyone|nothing',
    "those|others|somewhere|elsewhere|one's",
  ].join('|')})\\b`,
  'gi',
);
/** A comment, or a literal in which comment signs mean nothing. */
const TOKEN =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|(?<=[=(,:!&|?{;]\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n])+\//g;

const root = join(import.meta.dirname, '../src');
const files = readdirSync(root, { recursive: true })
  .filter((file) => /\.(ts|js)$/.test(file) && !file.startsWith('simulator'))
  .sort();

let words = 0;
const found = [];
for (const file of files) {
  for (const [token] of readFileSync(join(root, file), 'utf8').matchAll(TOKEN)) {
    if (!token.startsWith('/*') && !token.startsWith('//')) continue;
    const prose = token
      .replaceAll(/`[^`]*`/g, ' ')
      .replaceAll(/\{@link [^}]*\}|@\w+( \w+)?/g, ' ')
      .replaceAll(/https?:\/\/\S+/g, ' ');
    words += prose.match(/[A-Za-z][\w'-]*/g)?.length ?? 0;
    for (const [word] of prose.matchAll(INDEFINITE)) found.push(`${file}: ${word}`);
  }
}

const rate = (100 * found.length) / words;
const verdict = `${found.length} indefinite words in ${words} words of comments: ${rate.toFixed(2)} per 100 (at most ${LIMIT})`;
if (process.argv.includes('--list')) console.log(found.join('\n'));
if (rate > LIMIT || words === 0) {
  console.error(`${verdict}. List them with: node .ci/indefinite-words.mjs --list`);
  process.exitCode = 1;
} else {
  console.log(verdict);
}
