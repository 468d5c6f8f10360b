import { once } from 'node:events';
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import { assertCompositionSuccess, composeServices } from '@theguild/federation-composition';
import { buildSchema, graphql, parse } from 'graphql';
import { createClient } from 'graphql-sse';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mintTicket } from '../../examples/ticket/mint-ticket.ts';
import { type Pair, startPair } from '../support/gateway.ts';

const ROOT = join(import.meta.dirname, '../..');
const SECRET = 'a secret of at least thirty-two bytes';
const documentation = await readFile(join(ROOT, 'docs/supergraph.md'), 'utf8');
const films = codeBlock('graphql');

/** The first code block of the documentation that holds a text. */
function codeBlock(language: string, holding = ''): string {
  const blocks = Array.from(documentation.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms')));
  const found = blocks.map(([, text = '']) => text).find((text) => text.includes(holding));
  if (found === undefined) throw new Error(`docs/supergraph.md has no ${language} with ${holding}`);
  return found;
}

let pair: Pair;
let router: string;
let ticket: string;
const stack = new AsyncDisposableStack();

beforeAll(async () => {
  const env = { SUBGRAPH: 'true', INTROSPECTION: 'false', AUTH_MODE: 'jwt', AUTH_JWT_SECRET: SECRET };
  pair = stack.use(await startPair(env));
  ticket = await mintTicket('t1', { secret: SECRET });
  const supergraph = composed(`${pair.gateway.url}/graphql`, await listen(serveFilms));
  const gatewayConfig = await documentedConfig();
  const hive = stack.use(createGatewayRuntime({ ...gatewayConfig, supergraph, logging: false }));
  router = await listen(hive);
});
afterAll(() => stack.disposeAsync());

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  stack.defer(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
}

function composed(video: string, filmsUrl: string): string {
  const result = composeServices([
    { name: 'video', url: video, typeDefs: parse(SUBGRAPH) },
    { name: 'films', url: filmsUrl, typeDefs: parse(films) },
  ]);
  assertCompositionSuccess(result);
  return result.supergraphSdl;
}

const SUBGRAPH = await readFile(join(ROOT, 'schema.subgraph.graphql'), 'utf8');

/** The configuration that the documentation shows. */
async function documentedConfig(): Promise<object> {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'hive-'));
  const file = join(directory.path, 'gateway.config.mjs');
  await writeFile(file, codeBlock('js', 'gatewayConfig'));
  return (await import(pathToFileURL(file).href)).gatewayConfig;
}

const FILM = { title: 'The film of t1', video: { __typename: 'VideoTask', id: 't1' } };

type Json = Readonly<Record<string, unknown>>;

/** The second subgraph: it refers to tasks, and adds the film of a task. */
const serveFilms: RequestListener = async (request, response) => {
  const { query: source, variables: variableValues } = (await json(request)) as { query: string; variables: Json };
  const rootValue = {
    film: () => FILM,
    _entities: ({ representations }: { representations: readonly { readonly id: string }[] }) =>
      representations.map(({ id }) => ({ __typename: 'VideoTask', id, film: FILM })),
  };
  const result = await graphql({ schema: FILMS_SCHEMA, source, variableValues, rootValue });
  response.setHeader('content-type', 'application/json').end(JSON.stringify(result));
};

const FILMS_SCHEMA = buildSchema(`
  ${films.replace(/^extend schema .*$/m, '')}
  directive @key(fields: String!) on OBJECT
  scalar _Any
  union _Entity = VideoTask
  extend type Query { _entities(representations: [_Any!]!): [_Entity]! }
`);

async function ask(query: string): Promise<unknown> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${ticket}` };
  const response = await fetch(router, { method: 'POST', headers, body: JSON.stringify({ query }) });
  return response.json();
}

test('a query through Hive Gateway joins both subgraphs', async () => {
  pair.simulator.setTask('t1', { status: 'process', process: 10 });
  expect(await ask('{ film(id: "f1") { title video { id status progress } } }')).toEqual({
    data: { film: { title: 'The film of t1', video: { id: 't1', status: 'PROCESS', progress: 10 } } },
  });
});

test('the ticket of the client of Hive Gateway decides which tasks it sees', async () => {
  const answer = await ask('{ videoTask(id: "t2") { status } }');
  expect(answer).toMatchObject({ data: { videoTask: null }, errors: [{ extensions: { code: 'FORBIDDEN' } }] });
  expect(pair.simulator.countFor('t2')).toBe(0);
});

test('taskStatus streams through Hive Gateway to its completion, joined with the other subgraph', async () => {
  pair.simulator.setTask('t1', { status: 'process', process: 10 });
  const client = createClient({ url: router, headers: { authorization: `Bearer ${ticket}` }, retryAttempts: 0 });
  const query = 'subscription { taskStatus(id: "t1") { status progress resultUrl film { title } } }';
  const states: unknown[] = [];
  for await (const { data, errors } of client.iterate<{ taskStatus: { progress: number } }>({ query })) {
    expect(errors).toBeUndefined();
    states.push(data?.taskStatus);
    if (data?.taskStatus.progress === 10) pair.simulator.setTask('t1', { status: 'success' });
  }
  client.dispose();
  const film = { title: 'The film of t1' };
  expect(states[0]).toEqual({ status: 'PROCESS', progress: 10, resultUrl: null, film });
  expect(states.at(-1)).toEqual({
    status: 'SUCCESS',
    progress: 100,
    resultUrl: expect.stringMatching(/^http/),
    film,
  });
});
