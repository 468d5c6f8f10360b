import { RedisServer, type RedisServerOptions, until } from './redis-server.ts';

/** Several Redis servers that belong together. */
export interface RedisDeployment extends AsyncDisposable {
  /** The address as a gateway takes it. */
  readonly url: string;
  readonly servers: readonly RedisServer[];
}

/** A Redis Cluster of three masters, a third of the slots each. */
export async function startRedisCluster(): Promise<RedisDeployment> {
  await using stack = new AsyncDisposableStack();
  const servers = await startThree(stack, { cluster: true });
  const [first, ...rest] = servers;
  if (!first) throw new Error('no server');
  const share = Math.ceil(16_384 / servers.length);
  for (const [index, server] of servers.entries()) {
    const last = Math.min(16_383, (index + 1) * share - 1);
    await server.run('CLUSTER', 'ADDSLOTSRANGE', String(index * share), String(last));
    await server.run('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
  }
  for (const { port, busPort } of rest) await first.run('CLUSTER', 'MEET', '127.0.0.1', String(port), String(busPort));
  for (const server of servers)
    await until(async () => String(await server.run('CLUSTER', 'INFO')).includes('cluster_state:ok'));
  const hosts = servers.map(({ port }) => `127.0.0.1:${port}`).join(',');
  const owned = stack.move();
  return { url: `redis+cluster://${hosts}`, servers, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** A master, a replica, and three sentinels that give up on a silent master after half a second. */
export async function startRedisSentinel(): Promise<RedisDeployment> {
  await using stack = new AsyncDisposableStack();
  const master = stack.use(await RedisServer.start());
  const replica = stack.use(await RedisServer.start({ config: [`replicaof 127.0.0.1 ${master.port}`] }));
  await until(async () => String(await replica.run('INFO', 'replication')).includes('master_link_status:up'));
  const config = [
    `sentinel monitor video 127.0.0.1 ${master.port} 2`,
    'sentinel down-after-milliseconds video 500',
    'sentinel failover-timeout video 2000',
  ];
  const sentinels = await startThree(stack, { sentinel: true, config });
  for (const sentinel of sentinels) {
    await until(async () => {
      const facts = String(await sentinel.run('INFO', 'sentinel'));
      return facts.includes('slaves=1') && facts.includes('sentinels=3');
    });
  }
  const hosts = sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',');
  const owned = stack.move();
  return {
    url: `redis+sentinel://${hosts}/video`,
    servers: [master, replica, ...sentinels],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Starts three servers alike, each owned by `stack` as soon as it runs. */
async function startThree(stack: AsyncDisposableStack, options: RedisServerOptions): Promise<readonly RedisServer[]> {
  const starting = Array.from({ length: 3 }, async () => stack.use(await RedisServer.start(options)));
  await Promise.allSettled(starting);
  return Promise.all(starting);
}
