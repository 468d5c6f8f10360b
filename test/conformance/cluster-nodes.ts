import type { Cluster, SharedRateLimiter, Versioned } from '../../src/cluster/contract.ts';
import { CallbackQueue } from '../support/callback-queue.ts';

/** The state the suite publishes. */
export interface Weather {
  readonly sky: string;
}

/** One gateway's end of a cluster. */
export type ClusterNode = Cluster<Weather> & SharedRateLimiter;

/** Nodes of one cluster; each test takes as many as it needs. */
export interface ClusterUnderTest extends AsyncDisposable {
  node(): Promise<ClusterNode>;
}

/** Starts a cluster of its own for one test. */
export type StartCluster = () => Promise<ClusterUnderTest>;

export const HOUR = 3_600_000;

/** So many nodes of a cluster. */
export async function nodesOf(cluster: ClusterUnderTest, count: 2): Promise<[ClusterNode, ClusterNode]>;
export async function nodesOf(cluster: ClusterUnderTest, count: 3): Promise<[ClusterNode, ClusterNode, ClusterNode]>;
export async function nodesOf(cluster: ClusterUnderTest, count: number): Promise<ClusterNode[]>;
export async function nodesOf(cluster: ClusterUnderTest, count: number): Promise<ClusterNode[]> {
  return Promise.all(Array.from({ length: count }, () => cluster.node()));
}

/** Subscribes, and waits until the subscription is live. */
export async function listen(node: ClusterNode, topic: string): Promise<CallbackQueue<Versioned<Weather>>> {
  const received = new CallbackQueue<Versioned<Weather>>();
  node.subscribe(topic, received.put);
  await node.read(topic);
  return received;
}

/** A state with this version. */
export function sunny(version: number): Versioned<Weather> {
  return { version, state: { sky: `sunny ${version}` } };
}
