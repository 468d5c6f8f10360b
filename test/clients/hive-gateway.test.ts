import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import { createClient } from 'graphql-sse';
import { testClient } from './client-suite.ts';
import { disposable } from './subscriber.ts';
import { WATCH, type WatchData } from './subscription.ts';

const LOSS = { cut: 'reports an error', restart: 'reports an error' } as const;

testClient('Hive Gateway 2 in front', LOSS, async (url, id, observer) => {
  const hive = createGatewayRuntime({ proxy: { endpoint: `${url}/graphql` }, logging: false });
  const server = createServer(hive).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = createClient({ url: `http://127.0.0.1:${port}/graphql`, retryAttempts: 0 });
  client.subscribe<WatchData>(
    { query: WATCH, variables: { id } },
    {
      next: ({ data, errors }) => (errors ? observer.error(errors) : observer.next(data?.taskStatus)),
      error: (error) => observer.error(error),
      complete: () => observer.complete(),
    },
  );
  return disposable(() => {
    client.dispose();
    server.close();
    server.closeAllConnections();
  });
});
