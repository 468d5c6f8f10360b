import fc from 'fast-check';

/** What one client sends on one WebSocket, as the bytes of one TCP stream after the handshake. */
export type WebSocketInput = readonly Buffer[];

/** A frame as a client sends it, masked with zeros. Source: RFC 6455, section 5.2. */
export function frame(opcode: number, payload: Buffer, { fin = true, reserved = 0 } = {}): Buffer {
  const first = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  const { length } = payload;
  const head =
    length < 126 ? [first, 0x80 | length] : length < 65_536 ? [first, 0xfe, length >> 8, length & 255] : [first, 0xff];
  const long = Buffer.alloc(length < 65_536 ? 0 : 8);
  if (long.length > 0) long.writeBigUInt64BE(BigInt(length));
  return Buffer.concat([Buffer.from(head), long, Buffer.alloc(4), payload]);
}

const text = (value: unknown): Buffer =>
  frame(1, Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));

const ids = fc.oneof(fc.constantFrom('1', '2', '__proto__', 'constructor', ''), fc.string(), fc.integer());
const taskIds = fc.oneof(fc.constantFrom('live', 'gone', '__proto__', '../x', 'a'.repeat(200)), fc.string());
const documents = fc.oneof(
  fc.constantFrom(
    'subscription ($id: ID!) { taskStatus(id: $id) { status } }',
    'subscription ($id: ID!) { taskStatuses(ids: [$id, "live"]) { id stages { status } } }',
    'query ($id: ID!) { videoTask(id: $id) { id } }',
    '{ __schema { types { name } } }',
    'subscription { taskStatus(id: "live") { ...F } } fragment F on VideoTask { ...F }',
    'mutation { a }',
    'subscription { taskStatus(id: "live") { status @skip(if: true) } }',
    '{',
    '',
  ),
  fc
    .array(
      fc.constantFrom(
        '{',
        '}',
        '(',
        ')',
        'id',
        ':',
        '"live"',
        '...',
        'on',
        'VideoTask',
        '@skip',
        '$id',
        'subscription',
        'taskStatus',
        '__typename',
        '[',
        ']',
        '"',
        '#',
        '\0',
      ),
      { maxLength: 30 },
    )
    .map((tokens) => tokens.join(' ')),
  fc.string(),
);
const payloads = fc.oneof(
  fc.record({ query: documents, variables: fc.record({ id: taskIds }) }),
  fc.record({ query: documents, variables: fc.jsonValue(), operationName: fc.jsonValue() }),
  fc.record({ documentId: fc.string(), extensions: fc.jsonValue() }),
  fc.jsonValue(),
);
const messages = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('subscribe'), id: ids, payload: payloads }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('complete'), id: ids }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom('ping', 'pong'), payload: fc.jsonValue() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('connection_init'), payload: fc.jsonValue() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constantFrom('next', 'error', 'connection_ack', 'x'),
      id: ids,
      payload: fc.jsonValue(),
    }),
  },
  { weight: 1, arbitrary: fc.jsonValue() },
);
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const nested = fc.integer({ min: 1, max: 20_000 }).map((depth) => '['.repeat(depth) + ']'.repeat(depth));
const frames = fc.oneof(
  { weight: 12, arbitrary: messages.map(text) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 300 }).map(text) },
  {
    weight: 1,
    arbitrary: nested.map((deep) =>
      text(`{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":{"id":${deep}}}}`),
    ),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.nat(15), bytes, fc.boolean(), fc.nat(7))
      .map(([opcode, payload, fin, reserved]) => frame(opcode, payload, { fin, reserved })),
  },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 70_000 }).map((size) => frame(1, Buffer.alloc(size, 'a'))) },
  { weight: 1, arbitrary: bytes },
);

const INIT = text({ type: 'connection_init' });

/** Half of the clients begin as they should. */
export const webSocketInputs: fc.Arbitrary<WebSocketInput> = fc
  .tuple(fc.boolean(), fc.array(frames, { minLength: 1, maxLength: 8 }))
  .map(([polite, sent]) => (polite ? [INIT, ...sent] : sent));
