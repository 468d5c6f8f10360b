import type { SharedBudget } from '../../cluster/contract.ts';

/** How many calls a lane may make. */
export interface CallBudget {
  /** How long until a call is within the budget, in ms: 0 means now. Ask only when a call is due. */
  waitMs(now: number): number;
  /** Spends one call. */
  take(now: number): void;
  /** A call that was spent was not made after all: another may be made in its place. */
  giveBack(now: number): void;
}

/** While the others are being asked nobody knows how long it takes: whoever waits is told. */
const UNTIL_TOLD_MS = 60_000;
/** A granted call is good for this long: used later it would come on top of somebody else's. */
const GRANT_MS = 250;

/** The part of a cluster's budget that this gateway gets: asked for one call at a time, when one is due. */
export class ClusterBudget implements CallBudget {
  readonly #shared: SharedBudget;
  readonly #lane: string;
  readonly #perSecond: number;
  readonly #onAnswer: () => void;
  #grantedUntil = 0;
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
    if (now < this.#grantedUntil) return 0;
    if (now < this.#askAgainAt) return this.#askAgainAt - now;
    if (!this.#asking) void this.#ask();
    return UNTIL_TOLD_MS;
  }

  take(): void {
    this.#grantedUntil = 0;
  }

  giveBack(now: number): void {
    this.#grantedUntil = now + GRANT_MS;
  }

  async #ask(): Promise<void> {
    this.#asking = true;
    const waitMs = await this.#shared.takeBudget(this.#lane, this.#perSecond);
    const now = Date.now();
    this.#asking = false;
    if (waitMs === 0) this.giveBack(now);
    this.#askAgainAt = now + waitMs;
    this.#onAnswer();
  }
}
