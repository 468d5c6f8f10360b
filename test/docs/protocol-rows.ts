import { globSync } from 'node:fs';
import { Markdown, ROOT } from './markdown.ts';

/** A row of a page of docs/protocols: a sentence of a protocol, and its test. */
export interface ProtocolRow {
  readonly page: string;
  readonly sentence: string;
  /** The name of the file of the test, which no other test in test/server has. */
  readonly file: string;
  /** The name of the test as its source has it, with `%s`, `%j` and `%i` for its cases. */
  readonly name: string;
}

/** The pages of docs/protocols, from the root of the repository. */
export const PROTOCOL_PAGES = globSync('docs/protocols/*.md', { cwd: ROOT }).toSorted();

const ROW = /^\| (?!sentence|---)(.*?) +\|.*\| `(\S+)`: (.*?) +\|$/gm;

/** The rows of all tables of a page. */
export async function protocolRows(page: string): Promise<readonly ProtocolRow[]> {
  const { prose } = await Markdown.read(page);
  return Array.from(prose.matchAll(ROW), ([, sentence = '', file = '', name = '']) => ({ page, sentence, file, name }));
}

/** Matches the name of each case of a test. */
export function caseNames({ name }: ProtocolRow): RegExp {
  return new RegExp(
    `^${name
      .split(/%[sji]/)
      .map(RegExp.escape)
      .join('.*')}$`,
    's',
  );
}
