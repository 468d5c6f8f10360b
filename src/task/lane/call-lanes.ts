import type { SharedBudget } from '../../cluster/contract.ts';
import type { Credential } from '../task-source.ts';
import { ClusterBudget } from './call-budget.ts';
import { CallLane } from './call-lane.ts';
import { CallSlots } from './call-slots.ts';
import type { LaneEvent, LaneOptions } from './lane-options.ts';

export interface CallLanesOptions extends Omit<LaneOptions, 'onEvent' | 'budget' | 'slots'> {
  /** `UPSTREAM_MAX_CONCURRENCY`, of all lanes together. */
  readonly maxConcurrency: number;
  readonly onEvent?: (event: LaneEvent, credential: Credential) => void;
  /** What the gateways of a cluster share; absent: this one is alone. */
  readonly shared?: SharedBudget | undefined;
}

/** Idle lanes are swept when there are as many as this, or twice as many as the last sweep left. */
const SWEEP_AT = 256;
/** A refusal is told to the cluster as a pause of the lane with this after its name. */
const REFUSED = ' refused';
/** Shorter than the wait between two probes of a refused token, so that each probe that is refused again is told. */
const REFUSAL_MS = 9_000;

/**
 * One {@link CallLane} per upstream token, in step with those of the other gateways. What they share here is the number of
 * calls under way; when that is reached they take turns.
 */
export class CallLanes implements Disposable {
  readonly #options: CallLanesOptions;
  readonly #slots: CallSlots;
  readonly #lanes = new Map<string, CallLane>();
  #sweepAt = SWEEP_AT;
  /** What a lane tells while this is set it was told by another gateway, which needs no telling. */
  #hearing = false;
  readonly #stopListening: (() => void) | undefined;

  constructor(options: CallLanesOptions) {
    this.#options = options;
    this.#slots = new CallSlots(options.maxConcurrency);
    this.#stopListening = options.shared?.onPause((name, forMs) => this.#hear(name, forMs));
  }

  /** The lane of this token. Ask again for every call: an idle lane may be replaced. */
  for(credential: Credential): CallLane {
    const known = this.#lanes.get(credential.key);
    if (known) return known;
    this.#sweep();
    const lane = this.#open(credential);
    this.#lanes.set(credential.key, lane);
    // What the others are pausing already.
    for (const name of [credential.key, credential.key + REFUSED]) {
      const leftMs = this.#options.shared?.pausedFor(name) ?? 0;
      if (leftMs > 0) this.#hear(name, leftMs);
    }
    return lane;
  }

  /** How many lanes there are, idle ones included. */
  get size(): number {
    return this.#lanes.size;
  }

  [Symbol.dispose](): void {
    this.#stopListening?.();
  }

  #open(credential: Credential): CallLane {
    const { shared, maxConcurrency: _, maxRps, onEvent, ...options } = this.#options;
    const budget =
      shared && maxRps !== null
        ? (onAnswer: () => void) => new ClusterBudget(shared, credential.key, maxRps, onAnswer)
        : undefined;
    return new CallLane({
      ...options,
      maxRps,
      slots: this.#slots,
      ...(budget && { budget }),
      onEvent: (event) => {
        if (!this.#hearing) this.#tell(event, credential);
        onEvent?.(event, credential);
      },
    });
  }

  #tell(event: LaneEvent, { key }: Credential): void {
    if (event.kind === 'paused') void this.#options.shared?.pause(key, event.forMs);
    if (event.kind === 'token-refused') void this.#options.shared?.pause(key + REFUSED, REFUSAL_MS);
  }

  #hear(name: string, forMs: number): void {
    this.#hearing = true;
    try {
      const refusedAt = Date.now() - Math.max(0, REFUSAL_MS - forMs);
      if (name.endsWith(REFUSED)) this.#lanes.get(name.slice(0, -REFUSED.length))?.hearRefusal(refusedAt);
      else this.#lanes.get(name)?.hearPause(forMs);
    } finally {
      this.#hearing = false;
    }
  }

  #sweep(): void {
    if (this.#lanes.size < this.#sweepAt) return;
    for (const [key, lane] of this.#lanes) if (lane.idle) this.#lanes.delete(key);
    this.#sweepAt = Math.max(SWEEP_AT, 2 * this.#lanes.size);
  }
}
