/**
 * The bulkhead class of a call. `proven`: A2E has answered for the task, and the last poll succeeded or this call is a
 * probe. `unproven`: the task is new or failing. `unverified`: A2E has never accepted the token.
 */
export type PermitClass = 'proven' | 'unproven' | 'unverified';

/** The classes in turn for released permits: while all wait, proven calls get two of four. */
const TURNS: readonly PermitClass[] = ['proven', 'unproven', 'proven', 'unverified'];

/** A released permit that is reserved for a scheduler and a class while the scheduler's callback runs. */
interface Offer {
  readonly onFree: () => void;
  readonly permitClass: PermitClass;
}

/**
 * The permits for calls under way, of all schedulers together. A scheduler that finds no permit waits, and schedulers
 * receive released permits in turn, one each. A scheduler is identified by its callback. Unproven calls share at most
 * half of the permits, and calls with unverified tokens at most a quarter, so that proven calls never wait behind them.
 * A permit is offered for one class. A scheduler takes it for no other class, because it would pass the schedulers that wait
 * there, and lose its own turn.
 */
export class FairSemaphore {
  readonly #waiting: Readonly<Record<PermitClass, Set<() => void>>> = {
    proven: new Set(),
    unproven: new Set(),
    unverified: new Set(),
  };
  readonly #held: Record<PermitClass, number> = { proven: 0, unproven: 0, unverified: 0 };
  readonly #count: number;
  #turns = TURNS;
  #offer: Offer | null = null;

  /** @param count `UPSTREAM_MAX_CONCURRENCY` */
  constructor(count: number) {
    this.#count = count;
  }

  /** The permits in use, by class. */
  get held(): Readonly<Record<PermitClass, number>> {
    return this.#held;
  }

  /** Whether the scheduler may {@link acquire} a permit now. If not, it waits for its turn, when `onFree` is called. */
  mayAcquire(onFree: () => void, permitClass: PermitClass = 'proven'): boolean {
    if (this.#isOffered(onFree, permitClass)) return true;
    const waiting = this.#waiting[permitClass];
    if (waiting.size === 0 && this.#isFree(permitClass)) return true;
    waiting.add(onFree);
    return false;
  }

  /** The scheduler waits and will be called when it may take a permit. */
  isQueued(onFree: () => void, permitClass: PermitClass = 'proven'): boolean {
    return this.#waiting[permitClass].has(onFree);
  }

  /** Takes a permit. Allowed only when {@link mayAcquire} has just returned true. */
  acquire(onFree: () => void, permitClass: PermitClass = 'proven'): void {
    if (this.#isOffered(onFree, permitClass)) this.#offer = null;
    else this.#held[permitClass] += 1;
  }

  /**
   * Returns a permit of a call that has ended. A scheduler that is offered a permit and takes none is passed over. No
   * callback releases a permit before it returns.
   */
  release(permitClass: PermitClass = 'proven'): void {
    this.#held[permitClass] -= 1;
    for (let offer = this.#nextOffer(); offer; offer = this.#nextOffer()) {
      this.#offer = offer;
      this.#held[offer.permitClass] += 1;
      offer.onFree();
      if (this.#offer) this.#held[offer.permitClass] -= 1;
      this.#offer = null;
    }
  }

  #isOffered(onFree: () => void, permitClass: PermitClass): boolean {
    return this.#offer?.onFree === onFree && this.#offer.permitClass === permitClass;
  }

  /** The next scheduler in turn of a class that has a free permit. */
  #nextOffer(): Offer | null {
    const { proven, unproven, unverified } = this.#waiting;
    if (proven.size + unproven.size + unverified.size === 0) return null;
    const chosen = this.#turns.find((each) => this.#waiting[each].size > 0 && this.#isFree(each));
    if (!chosen) return null;
    const at = this.#turns.indexOf(chosen) + 1;
    this.#turns = [...this.#turns.slice(at), ...this.#turns.slice(0, at)];
    const [onFree] = this.#waiting[chosen];
    if (!onFree) return null;
    this.#waiting[chosen].delete(onFree);
    return { onFree, permitClass: chosen };
  }

  #isFree(permitClass: PermitClass): boolean {
    const { proven, unproven, unverified } = this.#held;
    if (proven + unproven + unverified >= this.#count) return false;
    if (permitClass === 'proven') return true;
    if (unproven + unverified >= share(this.#count, 2)) return false;
    return permitClass === 'unproven' || unverified < share(this.#count, 4);
  }
}

function share(count: number, divisor: number): number {
  return Math.max(1, Math.floor(count / divisor));
}
