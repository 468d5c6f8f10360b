import { expect, test } from 'vitest';
import { otherVariables } from '../../src/config/other-variables.ts';
import { variables } from '../../src/config/variables.ts';
import { DOCUMENTS, Markdown } from './markdown.ts';

/** Names of Node, undici, graphql-ws, the image and the examples. */
const FOREIGN = [
  'NODE_TLS_REJECT_UNAUTHORIZED',
  'UND_ERR_SOCKET',
  'UND_ERR_DESTROYED',
  'GRAPHQL_TRANSPORT_WS_PROTOCOL',
  'NODE_IMAGE',
  'GATEWAY_URL',
  'GRAFANA_PASSWORD',
];

const errors = (await Markdown.read('docs/api.md')).rows.filter(({ head }) => head[0] === 'code');
const codes = errors.map(({ cells: [code = ''] }) => code.replaceAll('`', ''));
const known = new Set([...Object.keys(variables), ...otherVariables.map(({ name }) => name), ...codes, ...FOREIGN]);

test.each(DOCUMENTS)('the names in capitals exist: %s', async (path) => {
  const { spans } = await Markdown.read(path);
  const names = spans.flatMap((span) => span.match(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g) ?? []);
  expect(names.filter((name) => !known.has(name))).toEqual([]);
});
