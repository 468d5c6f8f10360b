import fc from 'fast-check';

const words = fc.string({ unit: 'binary-ascii', maxLength: 20 });
const methods = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('GET', 'POST', 'OPTIONS', 'HEAD', 'PUT', 'DELETE') },
  words,
);
const paths = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom(
      '/graphql',
      '/',
      '/healthz',
      '/readyz',
      '/metrics',
      '/webhooks/a2e',
      '/watch.js',
      '//',
      '*',
    ),
  },
  fc.webPath().map((path) => path || '/'),
  words.map((word) => `/${word}`),
);
const documents = fc.oneof(
  fc.constantFrom(
    '{__typename}',
    'subscription{taskStatus(id:"live"){status}}',
    '{',
    'mutation{a}',
    '{videoTask(id:"__proto__"){id}}',
  ),
  fc.string({ maxLength: 60 }),
);
const searches = fc.oneof(
  { weight: 2, arbitrary: fc.constant('') },
  documents.map((query) => `?query=${encodeURIComponent(query)}`),
  fc
    .tuple(documents, words)
    .map(([query, more]) => `?query=${encodeURIComponent(query)}&variables=${more}&extensions=${more}`),
  fc.webQueryParameters().map((query) => `?${query}`),
);
const headers = fc.array(
  fc.oneof(
    fc.constantFrom(
      'content-type: application/json',
      'content-type: application/x-www-form-urlencoded',
      'content-type: multipart/form-data; boundary=x',
      'accept: text/event-stream',
      'accept: text/html',
      'accept: multipart/mixed;subscriptionSpec=1.0',
      'accept: */*',
      'origin: https://evil.example',
      'origin: null',
      'authorization: Bearer x',
      'x-a2e-webhook-token: hook',
      'if-none-match: *',
      'transfer-encoding: chunked',
      'content-length: 5',
      'expect: 100-continue',
      'connection: upgrade',
      'upgrade: websocket',
      'sec-websocket-version: 13',
      'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
      'sec-websocket-protocol: graphql-transport-ws',
      'x-forwarded-for: ::1, %',
    ),
    fc.tuple(words, words).map(([name, value]) => `${name}: ${value}`),
  ),
  { maxLength: 8 },
);
const bodies = fc.oneof(
  documents.map((query) => JSON.stringify({ query })),
  fc.json(),
  fc.array(documents, { maxLength: 3 }).map((queries) => JSON.stringify(queries.map((query) => ({ query })))),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.constant(''),
);

const requests = fc
  .tuple(methods, paths, searches, headers, bodies, fc.boolean())
  .map(([method, path, search, fields, body, honest]) => {
    const own = honest ? ['content-type: application/json', `content-length: ${Buffer.byteLength(body)}`] : [];
    return Buffer.from(
      [`${method} ${path}${search} HTTP/1.1`, 'host: localhost', ...own, ...fields, '', body].join('\r\n'),
    );
  });

/** What one client sends on one TCP connection: requests, right or wrong, or bytes that are none. */
export const httpInputs: fc.Arbitrary<readonly Buffer[]> = fc.oneof(
  { weight: 9, arbitrary: fc.array(requests, { minLength: 1, maxLength: 3 }) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 400 }).map((array) => [Buffer.from(array)]) },
);
