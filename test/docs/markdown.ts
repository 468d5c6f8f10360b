import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The root of the repository. */
export const ROOT = join(import.meta.dirname, '../..');

/** The paths of all documents, from the root of the repository. */
export const DOCUMENTS = (
  await Array.fromAsync(glob('{*.md,docs/**/*.md,bench/*.md,examples/*/*.md}', { cwd: ROOT }))
).toSorted();

/** A fenced block of code. */
export interface CodeBlock {
  /** The heading above it. */
  readonly heading: string;
  readonly language: string;
  readonly text: string;
}

/** A row of a table, beneath its head. */
export interface TableRow {
  readonly heading: string;
  /** The cells of the table's head. */
  readonly head: readonly string[];
  readonly cells: readonly string[];
}

/** What stands between the bars of a line, the empty ends before the first and after the last included. */
function cellsOf(line: string): string[] {
  return line.split(/(?<!\\)\|/).map((cell) => cell.trim());
}

/** One Markdown file, by its path from the root of the repository. */
export class Markdown {
  readonly path: string;
  readonly codeBlocks: readonly CodeBlock[];
  /** Everything outside the blocks of code. */
  readonly prose: string;

  private constructor(path: string, text: string) {
    const fence = /^```(\w+)\n(.*?)^```$/gms;
    this.path = path;
    this.codeBlocks = Array.from(text.matchAll(fence), ({ index, 1: language = '', 2: code = '' }) => {
      const headings = text
        .slice(0, index)
        .replace(fence, '')
        .matchAll(/^#+ (.+)$/gm);
      return { heading: [...headings].at(-1)?.[1] ?? '', language, text: code };
    });
    this.prose = text.replace(fence, '');
  }

  static async read(path: string): Promise<Markdown> {
    return new Markdown(path, await readFile(join(ROOT, path), 'utf8'));
  }

  /** What stands between backticks in the prose. */
  get spans(): readonly string[] {
    return Array.from(this.prose.matchAll(/`([^`\n]+)`/g), ([, span = '']) => span);
  }

  /** The addresses that the prose links to. */
  get links(): readonly string[] {
    const links = this.prose.matchAll(/\]\(([^)\s]+)\)|\b(?:src|srcset|href)="([^"]+)"/g);
    return Array.from(links, ([, address, attribute]) => address ?? attribute ?? '');
  }

  /** The fragments its headings can be linked to by, as GitHub makes them. */
  get anchors(): readonly string[] {
    return Array.from(this.prose.matchAll(/^#+ (.+)$/gm), ([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    );
  }

  /** The lines of its tables whose number of cells is not that of the line before, in the same table. */
  get unevenRows(): readonly string[] {
    const lines = this.prose.split('\n').map((text) => ({ text, cells: cellsOf(text).length }));
    return lines
      .filter(({ text, cells }, index) => {
        const above = lines[index - 1];
        return text.startsWith('|') && above?.text.startsWith('|') && cells !== above.cells;
      })
      .map(({ text }) => text);
  }

  /** Every row of every table. */
  get rows(): readonly TableRow[] {
    let heading = '';
    let head: readonly string[] | null = null;
    return this.prose.split('\n').flatMap((line) => {
      heading = /^#+ (.+)$/.exec(line)?.[1] ?? heading;
      const cells = cellsOf(line).slice(1, -1);
      if (!line.startsWith('|')) head = null;
      else if (head === null) head = cells;
      else if (!/^[-| ]+$/.test(line)) return [{ heading, head, cells }];
      return [];
    });
  }

  /** The rows of the table beneath a heading whose first cell in the head is `first`, as trimmed cells. */
  table(heading: string, first: string): readonly (readonly string[])[] {
    const section = this.prose.split(/^#+ /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
    const lines = section.split('\n').map(cellsOf);
    const start = lines.findIndex(([, cell]) => cell === first);
    const end = lines.findIndex((cells, index) => index > start && cells.length < 3);
    return start < 0 ? [] : lines.slice(start + 2, end < 0 ? undefined : end).map((cells) => cells.slice(1, -1));
  }
}
