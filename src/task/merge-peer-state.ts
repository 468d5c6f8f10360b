import { TaskNotFound } from '../errors.ts';
import { MAX_STAGES, orderStages, type TaskSnapshot, type TaskStage } from './task-snapshot.ts';
import { isGone, type WatchState } from './watch-state.ts';

/** Two gateways notice one change of a task at times that differ by less than this, in ms. */
const SAME_CHANGE_MS = 1_000;

/**
 * The state after another gateway's newer one. A snapshot that this gateway confirmed later than the peer stays, because
 * the peer may have missed it. No time of the peer counts as later than now.
 */
export function mergePeerState(before: WatchState, peer: WatchState): WatchState {
  const attemptedAt = peer.attemptedAt === null ? null : Math.min(peer.attemptedAt, performance.now());
  const isOwnNewer = before.snapshot !== null && before.snapshot.version > (peer.snapshot?.version ?? 0);
  const snapshot = isGone(peer) ? null : isOwnNewer ? keepSnapshot(before, peer) : mergeSnapshot(before, peer);
  // The times of a condition belong to the side that knows whether the condition still holds.
  const succeededAt = earliest(
    before.succeededAt,
    peer.succeededAt,
    isOwnNewer ? before.succeededAt : peer.succeededAt,
  );
  const isMissing = peer.failure instanceof TaskNotFound && (snapshot !== null || isGone(peer));
  const missingSince = isMissing ? earliest(before.missingSince, peer.missingSince, attemptedAt) : null;
  return { ...peer, snapshot, attemptedAt, succeededAt, missingSince };
}

/** The earlier of two times, or `decisive` where one of the two, or `decisive` itself, is null. */
function earliest(own: number | null, peer: number | null, decisive: number | null): number | null {
  if (decisive === null) return null;
  return Math.min(own ?? decisive, peer ?? decisive);
}

function keepSnapshot({ snapshot }: WatchState, peer: WatchState): TaskSnapshot | null {
  return snapshot && { ...snapshot, stale: peer.failure !== null };
}

function mergeSnapshot({ snapshot: own }: WatchState, { snapshot: peer }: WatchState): TaskSnapshot | null {
  if (!peer) return null;
  const checkedAt = Math.min(peer.checkedAt, Date.now());
  return { ...peer, checkedAt, stages: own ? mergeStages(own.stages, peer.stages) : peer.stages };
}

/**
 * One path from two. The statuses align the two paths, because the instants come from two clocks, or from one that has
 * stepped. Stages that both gateways saw keep our instants, unless the peer saw the stage clearly earlier.
 */
function mergeStages(own: readonly TaskStage[], peer: readonly TaskStage[]): readonly TaskStage[] {
  const [first] = peer;
  if (!first) return peer;
  const overlapAt = own.findIndex((_, at) => haveSameStatuses(own.slice(at), peer));
  const inPeerAt = peer.findIndex((_, at) => haveSameStatuses(own, peer.slice(at)));
  if (overlapAt === -1 && inPeerAt === -1)
    return joined(
      own.filter(({ enteredAt }) => enteredAt < first.enteredAt),
      peer,
    );
  const known = inPeerAt === -1 ? own.slice(overlapAt) : own;
  const from = Math.max(0, inPeerAt);
  const timed = peer.map((stage, at) => withOwnTime(stage, at < from ? undefined : known[at - from]));
  return joined(inPeerAt === -1 ? own.slice(0, overlapAt) : [], timed);
}

/** Whether the shorter path is the beginning of the longer one, or `own` goes no further than `peer`. */
function haveSameStatuses(own: readonly TaskStage[], peer: readonly TaskStage[]): boolean {
  return own.length > 0 && own.length <= peer.length && own.every(({ status }, at) => status === peer[at]?.status);
}

function withOwnTime(stage: TaskStage, own: TaskStage | undefined): TaskStage {
  if (!own || stage.enteredAt < own.enteredAt - SAME_CHANGE_MS) return stage;
  return { ...stage, enteredAt: own.enteredAt, leftAt: stage.leftAt === null ? null : (own.leftAt ?? stage.leftAt) };
}

function joined(earlier: readonly TaskStage[], later: readonly TaskStage[]): readonly TaskStage[] {
  return orderStages([...earlier, ...later].slice(-MAX_STAGES));
}
