import { capture } from './capture.ts';
import { openStream } from './sse-client.ts';
import { connect } from './ws-client.ts';

/** One GraphQL request as a transport sends it. */
export interface Ask {
  readonly query?: string | null;
  readonly variables?: Record<string, unknown>;
  readonly operationName?: string;
  readonly documentId?: string;
  readonly extensions?: Record<string, unknown>;
}

/** The first result, without the envelope of its transport. */
export interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly {
    readonly message: string;
    readonly extensions?: Readonly<Record<string, unknown>>;
  }[];
}

/** Asks once, with a bearer token or none. */
export type Transport = (gatewayUrl: string, ask: Ask, token?: string) => Promise<Answer>;

async function overHttp(gatewayUrl: string, ask: Ask, token?: string): Promise<Answer> {
  const response = await fetch(`${gatewayUrl}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json', ...bearer(token) },
    body: JSON.stringify(ask),
  });
  return response.json() as Promise<Answer>;
}

async function overSse(gatewayUrl: string, ask: Ask, token?: string): Promise<Answer> {
  await using stream = await openStream(gatewayUrl, { body: JSON.stringify(ask), headers: bearer(token) });
  if (stream.status !== 200) {
    await stream.ended;
    return JSON.parse(stream.text()) as Answer;
  }
  const { data } = await stream.events.find(({ event }) => event === 'next');
  return data as Answer;
}

async function overWebSocket(gatewayUrl: string, ask: Ask, token?: string): Promise<Answer> {
  await using client = await connect(gatewayUrl, bearer(token));
  client.send({ id: '1', type: 'subscribe', payload: ask });
  const { type, payload } = await client.messages.find(({ id }) => id === '1');
  return type === 'error' ? { errors: payload as NonNullable<Answer['errors']> } : (payload as Answer);
}

/** Apollo's multipart subscriptions. */
async function overMultipart(gatewayUrl: string, ask: Ask, token?: string): Promise<Answer> {
  const accept = 'multipart/mixed;subscriptionSpec=1.0';
  const response = await fetch(`${gatewayUrl}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept, ...bearer(token) },
    body: JSON.stringify(ask),
  });
  if (!response.headers.get('content-type')?.startsWith('multipart/')) return response.json() as Promise<Answer>;
  let text = '';
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    const [, json] = /\r\n\r\n\{"payload":(.*)\}\r\n--graphql/.exec(text) ?? [];
    if (json !== undefined) return JSON.parse(json) as Answer;
  }
  throw new Error(`No part has come: ${text}`);
}

function withErrorsCaptured(transport: Transport): Transport {
  return async (...args) => {
    const answer = await transport(...args);
    for (const error of answer.errors ?? []) capture('error', JSON.stringify(error));
    return answer;
  };
}

function bearer(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

/** Every transport that takes any operation, by name. */
export const TRANSPORTS: readonly (readonly [name: string, transport: Transport])[] = [
  ['HTTP', withErrorsCaptured(overHttp)],
  ['SSE', withErrorsCaptured(overSse)],
  ['WebSocket', withErrorsCaptured(overWebSocket)],
];

/** Every transport that takes subscriptions, by name. */
export const SUBSCRIBING: typeof TRANSPORTS = [
  ...TRANSPORTS.filter(([name]) => name !== 'HTTP'),
  ['multipart', withErrorsCaptured(overMultipart)],
];

/** `extensions.code` of the errors of an answer, in order. */
export function codesOf({ errors = [] }: Answer): unknown[] {
  return errors.map(({ extensions }) => extensions?.['code']);
}
