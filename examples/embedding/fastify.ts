import type { IncomingMessage } from 'node:http';
import fastify from 'fastify';
import { createGateway, type Environment, loadConfig } from 'video-task-gateway';

/** The server honours upgrades to WebSocket alone: an offer of h2c, such as Java's `HttpClient` makes, is ignored. */
const shouldUpgradeCallback = ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === 'websocket';

/** An application of Fastify 5 with the gateway on `/video`. */
export async function start(env: Environment, port: number) {
  const gateway = await createGateway(loadConfig(env), { listen: false, path: '/video' });

  const app = fastify({ http: { shouldUpgradeCallback } });
  app.get('/', () => 'the application');
  await app.register(
    async (scope) => {
      // The gateway reads the body itself, so no parser of Fastify may.
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', (_request, _body, done) => done(null));
      scope.all('/*', (request, reply) => {
        reply.hijack();
        gateway.handler(request.raw, reply.raw);
      });
    },
    { prefix: '/video' },
  );
  app.server.on('upgrade', (request, socket, head) => {
    if (request.url?.startsWith('/video/')) gateway.upgrade(request, socket, head);
    else socket.destroy();
  });
  // Fastify waits for open connections, and the gateway closes those of its clients.
  app.addHook('preClose', () => gateway.drain());
  app.addHook('onClose', () => gateway[Symbol.asyncDispose]());

  const url = await app.listen({ port, host: '127.0.0.1' });
  return { url, close: () => app.close() };
}

if (import.meta.main) console.log((await start(process.env, 3000)).url);
