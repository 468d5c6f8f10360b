import type { Credential } from '../task-source.ts';
import { CallLane, type LaneEvent, type LaneOptions } from './call-lane.ts';

/** Idle lanes are swept when there are more than this many. */
const SWEEP_ABOVE = 256;

/** One {@link CallLane} per upstream token. */
export class CallLanes {
  readonly #options: Omit<LaneOptions, 'onEvent'>;
  readonly #onEvent: (event: LaneEvent, credential: Credential) => void;
  readonly #lanes = new Map<string, CallLane>();

  constructor(
    options: Omit<LaneOptions, 'onEvent'>,
    onEvent: (event: LaneEvent, credential: Credential) => void = () => {},
  ) {
    this.#options = options;
    this.#onEvent = onEvent;
  }

  /** The lane of this token. Ask again for every call: an idle lane may be replaced. */
  for(credential: Credential): CallLane {
    const known = this.#lanes.get(credential.key);
    if (known) return known;
    this.#sweep();
    const lane = new CallLane({ ...this.#options, onEvent: (event) => this.#onEvent(event, credential) });
    this.#lanes.set(credential.key, lane);
    return lane;
  }

  #sweep(): void {
    if (this.#lanes.size < SWEEP_ABOVE) return;
    for (const [key, lane] of this.#lanes) if (lane.idle) this.#lanes.delete(key);
  }
}
