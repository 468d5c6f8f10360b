/**
 * The GraphQL operations in a text of any language: each `query` or `subscription` with its variables and its
 * selection, up to the brace that closes it. Strings inside an operation are not understood; use variables.
 */
export function operationsIn(text: string): readonly string[] {
  const starts = text.matchAll(/\b(?:query|subscription)\b(?:\s+\w+)?\s*(?:\(\s*\$[^)]*\))?\s*\{/g);
  return Array.from(starts, ({ 0: head, index }) => text.slice(index, closingBrace(text, index + head.length)));
}

function closingBrace(text: string, from: number): number {
  let open = 1;
  let at = from;
  for (; open > 0 && at < text.length; at += 1) open += text[at] === '{' ? 1 : text[at] === '}' ? -1 : 0;
  return at;
}
