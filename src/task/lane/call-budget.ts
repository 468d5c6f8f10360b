import type { SharedBudget } from '../../cluster/contract.ts';

/** How many calls a lane may make. */
export interface CallBudget {
  /** How long until a call is within the budget, in ms: 0 means now. Ask only when a call is due. */
  waitMs(now: number): number;
  /** Spends one call. */
  take(now: number): void;
}

/** While the others are being asked nobody knows how long it takes: whoever waits is told. */
const UNTIL_TOLD_MS = 60_000;

/** The part of a cluster's budget that this gateway gets: asked for one call at a time, when one is due. */
export class ClusterBudget implements CallBudget {
  readonly #shared: SharedBudget;
  readonly #lane: string;
  readonly #perSecond: number;
  readonly #onAnswer: () => void;
  #granted = false;
  #asking = false;
  #askAgainAt = 0;

  /** @param onAnswer what {@link waitMs} answers has changed. */
  constructor(shared: SharedBudget, lane: string, perSecond: number, onAnswer: () => void) {
    this.#shared = shared;
    this.#lane = lane;
    this.#perSecond = perSecond;
    this.#onAnswer = onAnswer;
  }

  waitMs(now: number): number {
    if (this.#granted) return 0;
    if (now < this.#askAgainAt) return this.#askAgainAt - now;
    if (!this.#asking) void this.#ask();
    return UNTIL_TOLD_MS;
  }

  take(): void {
    this.#granted = false;
  }

  async #ask(): Promise<void> {
    this.#asking = true;
    const waitMs = await this.#shared.takeBudget(this.#lane, this.#perSecond);
    this.#asking = false;
    this.#granted = waitMs === 0;
    this.#askAgainAt = Date.now() + waitMs;
    this.#onAnswer();
  }
}
