import { readFileSync } from 'node:fs';
import { parse, validate } from 'graphql';
import { expect, it } from 'vitest';
import { extractDocuments } from '../../../src/documents/extract.ts';
import { schema } from '../../../src/schema/schema.ts';
import { TrustedDocuments } from '../../../src/server/graphql/trusted-documents.ts';

interface Operation {
  readonly query: string;
}
const FILE = new URL('../../../src/server/watch-page/public/operations.js', import.meta.url);
const { subscriptionTo, queryOf } = (await import(FILE.href)) as Record<string, (ids: readonly string[]) => Operation>;

it('are valid, and listed by the command that lists trusted documents', () => {
  const listed = extractDocuments([{ path: FILE.pathname, text: readFileSync(FILE, 'utf8') }]);
  const trusted = new TrustedDocuments(new Map(Object.entries(listed)), 1000);
  for (const operation of [subscriptionTo, queryOf]) {
    const text = operation?.(['a']).query ?? '';
    expect(validate(schema, parse(text))).toEqual([]);
    expect(trusted.byText(text)).not.toBeNull();
  }
});
