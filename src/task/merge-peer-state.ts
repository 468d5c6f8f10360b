import { MAX_STAGES, type TaskSnapshot, type TaskStage } from './task-snapshot.ts';
import { isGone, type WatchState } from './watch-state.ts';

/**
 * The state after another gateway's newer one. A snapshot that this gateway confirmed later than the peer stays, because
 * the peer may have missed it. No time of the peer counts as later than now, because its clock may be wrong.
 */
export function mergePeerState(before: WatchState, peer: WatchState): WatchState {
  const attemptedAt = peer.attemptedAt === null ? null : Math.min(peer.attemptedAt, performance.now());
  const succeededAt = earliest(before.succeededAt, peer.succeededAt);
  const missingSince = earliest(before.missingSince, peer.missingSince);
  return { ...peer, snapshot: mergeSnapshot(before, peer), attemptedAt, succeededAt, missingSince };
}

function mergeSnapshot(before: WatchState, peer: WatchState): TaskSnapshot | null {
  if (isGone(peer)) return null;
  const { snapshot: own } = before;
  if (own && own.version > (peer.snapshot?.version ?? 0)) return { ...own, stale: peer.failure !== null };
  if (!peer.snapshot) return null;
  const checkedAt = Math.min(peer.snapshot.checkedAt, Date.now());
  return withEarlierStages({ ...peer.snapshot, checkedAt }, own);
}

/** A time of the present condition, or null when the peer knows that the condition is over. */
function earliest(own: number | null, peer: number | null): number | null {
  return own === null || peer === null ? peer : Math.min(own, peer);
}

/** Adds the stages that this gateway alone saw, when it has watched for longer than the peer. */
function withEarlierStages(peer: TaskSnapshot, own: TaskSnapshot | null): TaskSnapshot {
  const [first] = peer.stages;
  if (!own || !first) return peer;
  const earlier = own.stages.filter(({ enteredAt }) => enteredAt < first.enteredAt);
  const last = earlier.pop();
  if (!last) return peer;
  // The peer started watching during our current stage or after it.
  const joined =
    last.status === first.status ? [{ ...first, enteredAt: last.enteredAt }] : [closed(last, first), first];
  return { ...peer, stages: [...earlier, ...joined, ...peer.stages.slice(1)].slice(-MAX_STAGES) };
}

function closed(stage: TaskStage, next: TaskStage): TaskStage {
  return { ...stage, leftAt: stage.leftAt ?? next.enteredAt };
}
