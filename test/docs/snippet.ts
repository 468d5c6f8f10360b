import { Markdown } from './markdown.ts';

/**
 * The text of a block of code: the first one of its language beneath the heading, or the one with this number. A test
 * runs it. test/docs/snippets.test.ts finds these calls, and wants one for each block.
 */
export async function snippet(page: string, heading: string, language: string, number = 1): Promise<string> {
  const { codeBlocks } = await Markdown.read(page);
  const blocks = codeBlocks.filter((block) => block.heading === heading && block.language === language);
  const block = blocks[number - 1];
  if (!block) throw new Error(`${page} has no ${language} ${number} beneath "${heading}"`);
  return block.text;
}
