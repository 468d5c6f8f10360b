import { createClient } from 'redis';
import type { RedisEndpoint, RedisTarget } from '../../config/redis-url.ts';
import type { RedisLinkEvents } from './redis-link.ts';

/**
 * Asks all sentinels at once for the master and takes the first answer; rejects when none knows. A stale answer does
 * no harm: the first write to a server that is no master fails, and the next attempt asks again. The client's own
 * `createSentinel` is not used: it retries inside, without a bound, where a link here lives once and fails fast.
 * https://redis.io/docs/latest/develop/reference/sentinel-clients/
 */
export function findMaster(target: RedisTarget, events: RedisLinkEvents): Promise<RedisEndpoint> {
  return Promise.any(target.endpoints.map((sentinel) => askSentinel(target, sentinel, events)));
}

async function askSentinel(
  target: RedisTarget,
  { host, port }: RedisEndpoint,
  { connectTimeoutMs, signal }: RedisLinkEvents,
) {
  const socket = {
    host,
    port,
    connectTimeout: connectTimeoutMs,
    socketTimeout: connectTimeoutMs,
    reconnectStrategy: false,
  } as const;
  const client = createClient({
    ...target.sentinelCredentials,
    socket: target.tls ? { ...socket, tls: true } : socket,
    disableOfflineQueue: true,
    maintNotifications: 'disabled',
    commandOptions: { timeout: 0 },
  });
  const destroy = () => client.destroy();
  client.on('error', destroy);
  signal.addEventListener('abort', destroy, { once: true });
  try {
    await client.connect();
    const answer: unknown = await client.sendCommand(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', target.masterName]);
    if (!Array.isArray(answer)) throw new Error('the sentinel knows no master of that name');
    return { host: String(answer[0]), port: Number(answer[1]) };
  } finally {
    signal.removeEventListener('abort', destroy);
    destroy();
  }
}
