import { readFile } from 'node:fs/promises';
import { createContext, runInContext } from 'node:vm';
import { expect, it } from 'vitest';

const SCRIPT = await readFile(new URL('../../../src/server/graphiql/graphiql-fetcher.js', import.meta.url), 'utf8');

interface Message {
  readonly type: string;
  readonly payload: { readonly operationName?: string };
}

/** A WebSocket that opens as soon as it has its handlers, and acknowledges each `connection_init`. */
class AcknowledgingSocket {
  static readonly subscribed: Message[] = [];
  onopen = (): void => {};
  #handler = (_event: { readonly data: string }): void => {};

  set onmessage(handler: (event: { readonly data: string }) => void) {
    this.#handler = handler;
    this.onopen();
  }

  send(text: string): void {
    const message = JSON.parse(text) as Message;
    if (message.type === 'connection_init') this.#handler({ data: '{"type":"connection_ack"}' });
    else AcknowledgingSocket.subscribed.push(message);
  }
}

/** The transport and the `operationName` with which the page sends an operation of a document. */
function send(query: string, operationName?: string): readonly [transport: string, operationName: string | undefined] {
  const posted: Message['payload'][] = [];
  const context = createContext({
    location: { pathname: '/graphql', href: 'http://gateway/graphql' },
    fetch: (_path: string, { body }: { readonly body: string }) => {
      posted.push(JSON.parse(body));
      return Promise.resolve({ json: () => ({}) });
    },
    WebSocket: AcknowledgingSocket,
    params: { query, operationName },
  });
  runInContext(`${SCRIPT}; gatewayFetcher(params).subscribe?.({ next() {} });`, context);
  const subscribed = AcknowledgingSocket.subscribed.pop();
  return subscribed ? ['WebSocket', subscribed.payload.operationName] : ['POST', posted[0]?.operationName];
}

const QUERY = 'query A { videoTask(id: "a") { status } }';
const SUBSCRIPTION = 'subscription B { taskStatus(id: "a") { status } }';

it.each<[string, string, string | undefined, string, string | undefined]>([
  ['a selection set without a keyword', '{ videoTask(id: "a") { id } }', undefined, 'POST', undefined],
  ['a field named like a keyword', '{ subscription: videoTask(id: "a") { id } }', undefined, 'POST', undefined],
  ['an operation named like a keyword', 'query subscription { __typename }', undefined, 'POST', undefined],
  ['a subscription named like a keyword', 'subscription query { taskStatus }', 'query', 'WebSocket', 'query'],
  ['the operation that is chosen', `${QUERY} ${SUBSCRIPTION}`, 'B', 'WebSocket', 'B'],
  ['the other operation that is chosen', `${SUBSCRIPTION} ${QUERY}`, 'A', 'POST', 'A'],
  ['the first operation where the name is another tab’s', `${SUBSCRIPTION} ${QUERY}`, 'X', 'WebSocket', undefined],
  ['a fragment before it on one line', `fragment F on VideoTask { id } ${SUBSCRIPTION}`, 'B', 'WebSocket', 'B'],
  ['a fragment named like a keyword', `fragment subscription on VideoTask { id } ${QUERY}`, 'A', 'POST', 'A'],
  ['such a fragment, without a name', 'fragment subscription on V { id } { a }', undefined, 'POST', undefined],
  ['a fragment named as the operation', `fragment B on VideoTask { id } ${SUBSCRIPTION}`, 'B', 'WebSocket', 'B'],
  ['fields named as the other operation', `{ subscription B } ${QUERY}`, 'A', 'POST', 'A'],
  ['a comma after the keyword', 'subscription,B { taskStatus }', 'B', 'WebSocket', 'B'],
  ['a comment with a keyword', `# subscription B {\n${QUERY}`, undefined, 'POST', undefined],
  ['a comment with a quotation mark', `# it's "open\n${SUBSCRIPTION}`, 'B', 'WebSocket', 'B'],
  ['a number sign in a string', `query A { a(b: "#") } ${SUBSCRIPTION}`, 'B', 'WebSocket', 'B'],
  ['a brace in a string', `query A { a(b: "}") } ${SUBSCRIPTION}`, 'B', 'WebSocket', 'B'],
  ['an escaped quotation mark', `query A { a(b: "\\"} #") } ${SUBSCRIPTION}`, 'B', 'WebSocket', 'B'],
  ['a block string', `query A { a(b: """ } # " \\""" } """) } ${SUBSCRIPTION}`, 'B', 'WebSocket', 'B'],
  ['an empty string', `query A { a(b: "") } ${SUBSCRIPTION}`, 'B', 'WebSocket', 'B'],
  ['a variable with an object', `subscription B($a: X = { b: { c: 1 } }) { a }`, undefined, 'WebSocket', undefined],
  ['a directive with an object', `subscription B @d(a: { b: 1 }) { a } ${QUERY}`, 'A', 'POST', 'A'],
  ['a directive of an anonymous one', `subscription @d { a }`, undefined, 'WebSocket', undefined],
  ['no operation', '', undefined, 'POST', undefined],
])('GraphiQL reads %s', (_what, query, operationName, transport, sentName) => {
  expect(send(query, operationName)).toEqual([transport, sentName]);
});
