import { createClient } from 'redis';
import type { RedisEndpoint, RedisTarget } from '../../config/redis-url.ts';
import { CONNECTION_NAME, connectOrDestroy, type RedisLink, type RedisLinkEvents } from './redis-link.ts';

/** Connects to one server: one connection for commands, one for subscriptions. */
export async function openPlainLink(
  target: RedisTarget,
  endpoint: RedisEndpoint,
  events: RedisLinkEvents,
): Promise<RedisLink> {
  const { onMessage, onDown, signal } = events;
  const clients = [createPlainClient(target, endpoint, events), createPlainClient(target, endpoint, events)] as const;
  const [commands, subscriber] = clients;
  const destroy = () => {
    for (const client of clients) client.destroy();
  };
  for (const client of clients) client.on('error', onDown).on('terminated', onDown);
  await connectOrDestroy(() => Promise.all(clients.map((client) => client.connect())), destroy, signal);
  return {
    publishCommand: 'PUBLISH',
    send: (_key, args) => commands.sendCommand(args),
    subscribe: (channels) => subscriber.subscribe([...channels], onMessage),
    unsubscribe: (channel) => subscriber.unsubscribe(channel, onMessage),
    pingSubscribers: () => subscriber.ping(),
    destroy,
  };
}

function createPlainClient(target: RedisTarget, { host, port }: RedisEndpoint, { connectTimeoutMs }: RedisLinkEvents) {
  const socket = { host, port, connectTimeout: connectTimeoutMs, reconnectStrategy: false } as const;
  return createClient({
    ...target.credentials,
    database: target.database,
    socket: target.tls ? { ...socket, tls: true } : socket,
    name: CONNECTION_NAME,
    disableOfflineQueue: true,
    // Redis Enterprise only; asking another server for it costs a round trip and an error.
    maintNotifications: 'disabled',
    // The session bounds every command from its start; the client's own limit ends once a command is written.
    commandOptions: { timeout: 0 },
  });
}
