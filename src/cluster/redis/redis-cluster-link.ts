import { createCluster } from 'redis';
import type { RedisTarget } from '../../config/redis-url.ts';
import { CONNECTION_NAME, connectOrDestroy, type RedisLink, type RedisLinkEvents } from './redis-link.ts';

/**
 * Connects to every master of a Redis Cluster, and for subscriptions once more to the ones that hold a subscribed channel.
 * A master that fails takes the whole link down: the cluster itself answers no client until it has a master for each slot
 * (`cluster-require-full-coverage`), and opening again finds the new topology.
 */
export async function openClusterLink(target: RedisTarget, events: RedisLinkEvents): Promise<RedisLink> {
  const { onMessage, onDown, signal } = events;
  const cluster = createClusterClient(target, events);
  const destroy = () => cluster.destroy();
  let open = false;
  // While opening, a seed that cannot be reached is no fault yet: the next one is asked.
  cluster.on('error', (error: Error) => open && onDown(error));
  cluster.on('node-error', (error: Error) => open && onDown(error));
  cluster.on('sharded-channel-moved-error', onDown);
  await connectOrDestroy(() => cluster.connect(), destroy, signal);
  open = true;
  return {
    publishCommand: 'SPUBLISH',
    send: (key, args) => cluster.sendCommand(key, false, [...args]),
    subscribe: (channels) => Promise.all(channels.map((channel) => cluster.sSubscribe(channel, onMessage))),
    unsubscribe: (channel) => cluster.sUnsubscribe(channel, onMessage),
    pingSubscribers: () => Promise.all(cluster.masters.map((master) => master.pubSub?.client.ping())),
    destroy,
  };
}

function createClusterClient({ endpoints, tls, credentials }: RedisTarget, { connectTimeoutMs }: RedisLinkEvents) {
  const socket = {
    connectTimeout: connectTimeoutMs,
    reconnectStrategy: false,
    ...(tls ? { tls: true as const } : {}),
  } as const;
  return createCluster({
    // The time-out on silence is for the discovery alone, which the client offers no way to abandon.
    rootNodes: endpoints.map(({ host, port }) => ({
      ...credentials,
      socket: { ...socket, host, port, socketTimeout: connectTimeoutMs },
    })),
    defaults: {
      ...credentials,
      socket,
      name: CONNECTION_NAME,
      disableOfflineQueue: true,
      maintNotifications: 'disabled',
    },
    commandOptions: { timeout: 0 },
  });
}
