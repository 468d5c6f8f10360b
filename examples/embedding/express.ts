import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { createGateway, type Environment, loadConfig } from 'video-task-gateway';

/** The server honours upgrades to WebSocket alone: an offer of h2c, such as Java's `HttpClient` makes, is ignored. */
const shouldUpgradeCallback = ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === 'websocket';

/** An application of Express 5 with the gateway on `/video`. */
export async function start(env: Environment, port: number) {
  const gateway = await createGateway(loadConfig(env), { listen: false, path: '/video' });

  const app = express();
  // Before or after the gateway: it takes a parsed body as well as an unread one.
  app.use(express.json());
  app.use('/video', gateway.handler);
  app.get('/', (_request, response) => void response.send('the application'));

  const server = createServer({ shouldUpgradeCallback }, app);
  server.on('upgrade', (request, socket, head) => {
    if (request.url?.startsWith('/video/')) gateway.upgrade(request, socket, head);
    else socket.destroy();
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      await gateway.drain();
      await gateway[Symbol.asyncDispose]();
    },
  };
}

if (import.meta.main) console.log((await start(process.env, 3000)).url);
