import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import { buildSchema, graphql } from 'graphql';
import { createClient } from 'graphql-sse';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { mintTicket } from '../../examples/ticket/mint-ticket.ts';
import { snippet } from '../docs/snippet.ts';
import { type Pair, startPair } from '../support/gateway.ts';
import { connect } from '../support/ws-client.ts';

const ROOT = join(import.meta.dirname, '../..');
const SECRET = 'a secret of at least thirty-two bytes';
const films = await snippet('docs/supergraph.md', 'Compose', 'graphql');

let pair: Pair;
let router: string;
let ticket: string;
const stack = new AsyncDisposableStack();

beforeAll(async () => {
  const env = { SUBGRAPH: 'true', INTROSPECTION: 'false', AUTH_MODE: 'jwt', AUTH_JWT_SECRET: SECRET };
  pair = stack.use(await startPair(env));
  ticket = await mintTicket('t1', { secret: SECRET });
  const supergraph = await composed(`${pair.gateway.url}/graphql`, await listen(serveFilms));
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

/** Runs the documented script, with the addresses of this test, beside the files that it reads. */
async function composed(video: string, filmsUrl: string): Promise<string> {
  const script = (await snippet('docs/supergraph.md', 'Compose', 'js'))
    .replace('http://127.0.0.1:4000/graphql', video)
    .replace('http://127.0.0.1:4001/graphql', filmsUrl);
  await using folder = await mkdtempDisposable(join(import.meta.dirname, 'node_modules/.compose-'));
  await cp(join(ROOT, 'schema.subgraph.graphql'), join(folder.path, 'schema.subgraph.graphql'));
  await writeFile(join(folder.path, 'films.graphql'), films);
  await writeFile(join(folder.path, 'compose.mjs'), script);
  await promisify(execFile)(process.execPath, ['compose.mjs'], { cwd: folder.path });
  return readFile(join(folder.path, 'supergraph.graphql'), 'utf8');
}

/** The configuration that the documentation shows. */
async function documentedConfig(): Promise<object> {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'hive-'));
  const file = join(directory.path, 'gateway.config.mjs');
  await writeFile(file, await snippet('docs/supergraph.md', 'Hive Gateway', 'js'));
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

// Apollo Router needs a plan of GraphOS to run it: the keys are those of its documentation, the values the gateway's.
test('the documented configuration of Apollo Router subscribes at the address and in the protocol of the gateway', async () => {
  const config = parse(await snippet('docs/supergraph.md', 'Subscriptions', 'yaml'));
  const { path, protocol } = config.subscription.mode.passthrough.subgraphs.video;
  expect([path, protocol]).toEqual(['/graphql', 'graphql_ws']);
  await using socket = await connect(pair.gateway.url, undefined, { headers: { authorization: `Bearer ${ticket}` } });
  socket.subscribe('1', 'subscription { taskStatus(id: "t1") { status } }');
  await expect.poll(() => socket.about('1')[0]?.type).toBe('next');
});
