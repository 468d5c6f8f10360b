import { createClient } from 'redis';
import { ClusterDeployment } from './cluster-deployment.ts';

/** The costs of sharing in steady state. */
export interface RedisCost {
  readonly polls: number;
  /** Commands that the gateways sent, by name; commands of scripts inside Redis are left out. */
  readonly commands: ReadonlyMap<string, number>;
  /** All of them, per poll. */
  readonly perPoll: number;
}

/** Counts the commands of three gateways that watch the same ten tasks, during a number of intervals. */
export async function redisCost(intervals = 50): Promise<RedisCost> {
  await using deployment = await ClusterDeployment.start(3, 30, 10);
  await deployment.intervals(5);
  const commands = new Map<string, number>();
  const monitor = createClient({ url: deployment.redis.url });
  await monitor.connect();
  // MONITOR names the client of each command, or `lua` for a command of a script:
  // https://redis.io/docs/latest/commands/monitor/
  await monitor.monitor((line) => {
    const [, client, name] = /^[\d.]+ \[\d+ (\S+)\] "([^"]+)"/.exec(String(line)) ?? [];
    if (!name || client === 'lua') return;
    commands.set(name.toLowerCase(), (commands.get(name.toLowerCase()) ?? 0) + 1);
  });
  const before = await deployment.totalCalls();
  await deployment.intervals(intervals);
  const polls = (await deployment.totalCalls()) - before;
  monitor.destroy();
  const sent = [...commands.values()].reduce((sum, count) => sum + count, 0);
  return { polls, commands, perPoll: sent / polls };
}

/** CPU per delivered update, in µs, over all gateways, each of which has so many WebSocket subscribers on one task. */
export async function cpuPerUpdate(gateways: number, subscribers = 400, intervals = 50): Promise<number> {
  await using deployment = await ClusterDeployment.start(gateways, subscribers, 1);
  const { clients } = deployment;
  await deployment.intervals(10);
  const [cpuBefore, before] = [await deployment.cpuMs(), await clients.call<number>('count')];
  await deployment.intervals(intervals);
  const [cpuAfter, after] = [await deployment.cpuMs(), await clients.call<number>('count')];
  return ((cpuAfter - cpuBefore) * 1000) / (after - before);
}
