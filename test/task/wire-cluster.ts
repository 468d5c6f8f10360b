import { vi } from 'vitest';
import type { Versioned } from '../../src/cluster/contract.ts';
import { MemoryCluster } from '../../src/cluster/memory/memory-cluster.ts';
import type { MemoryHub } from '../../src/cluster/memory/memory-hub.ts';
import type { WatchState } from '../../src/task/watch-state.ts';
import { decodeWatchState, encodeWatchState } from '../../src/task/watch-state-codec.ts';

/** The texts of the published states of all clusters, with the time of publication. */
const texts = new WeakMap<WatchState, { readonly text: string; readonly at: number }>();

/**
 * A cluster in memory that passes its states as text, as Redis does. Each subscription delivers the stored state too, as
 * after a reconnect. It needs fake timers. `clockOffsetMs`: the wall clock of this gateway is ahead by so much, when it
 * writes and when it reads.
 */
export class WireCluster extends MemoryCluster<WatchState> {
  readonly #clockOffsetMs: number;

  constructor(hub: MemoryHub<WatchState>, clockOffsetMs = 0) {
    super({ hub });
    this.#clockOffsetMs = clockOffsetMs;
  }

  override subscribe(topic: string, listener: (published: Versioned<WatchState>) => void): () => void {
    const unsubscribe = super.subscribe(topic, (published) => listener(this.#decode(topic, published, 0)));
    void this.read(topic).then((stored) => stored && listener(stored));
    return unsubscribe;
  }

  override async read(topic: string): Promise<Versioned<WatchState> | null> {
    const stored = await super.read(topic);
    return stored && this.#decode(topic, stored, performance.now() - (texts.get(stored.state)?.at ?? 0));
  }

  override publish(topic: string, published: Versioned<WatchState>, rememberMs: number): Promise<void> {
    const state = { ...published.state };
    const text = this.#onOwnClock(() => encodeWatchState(shifted(state, this.#clockOffsetMs)));
    texts.set(state, { text, at: performance.now() });
    return super.publish(topic, { ...published, state }, rememberMs);
  }

  #decode(topic: string, { version, state }: Versioned<WatchState>, ageMs: number): Versioned<WatchState> {
    const text = texts.get(state)?.text ?? '';
    const decoded = this.#onOwnClock(() => decodeWatchState(text, topic, ageMs));
    return { version, state: shifted(decoded, -this.#clockOffsetMs) };
  }

  #onOwnClock<T>(read: () => T): T {
    const now = Date.now();
    vi.setSystemTime(now + this.#clockOffsetMs);
    const result = read();
    vi.setSystemTime(now);
    return result;
  }
}

/** The same state with the instants that the gateway took from its wall clock moved by `byMs`. */
function shifted(state: WatchState, byMs: number): WatchState {
  const { snapshot } = state;
  if (!snapshot) return state;
  const move = (at: number | null): number | null => at && at + byMs;
  const stages = snapshot.stages.map((stage) => {
    return { ...stage, enteredAt: stage.enteredAt + byMs, leftAt: move(stage.leftAt) };
  });
  const { checkedAt, nextCheckAt } = snapshot;
  return { ...state, snapshot: { ...snapshot, checkedAt: checkedAt + byMs, nextCheckAt: move(nextCheckAt), stages } };
}
