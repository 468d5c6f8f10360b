import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FairSemaphore, type PermitClass } from '../../src/scheduling/fair-semaphore.ts';

const CLASSES: readonly PermitClass[] = ['proven', 'unproven', 'unverified'];
const SCHEDULERS = 4;
type Counts = Record<PermitClass, number>;

const none = (): Counts => ({ proven: 0, unproven: 0, unverified: 0 });

/** The semaphore with schedulers that take permits in a changing order of classes, checked at every step. */
class Model {
  readonly #count: number;
  readonly #semaphore: FairSemaphore;
  readonly #held = none();
  readonly #schedulers: ModelScheduler[];

  constructor(count: number) {
    this.#count = count;
    this.#semaphore = new FairSemaphore(count);
    this.#schedulers = Array.from({ length: SCHEDULERS }, () => new ModelScheduler(this));
  }

  run(step: Step): void {
    const scheduler = this.#schedulers[step.scheduler];
    if (step.kind === 'want') scheduler?.want(step);
    else if (step.kind === 'cancel') scheduler?.cancel(step.permitClass);
    else if (this.#held[step.permitClass] > 0) {
      this.#held[step.permitClass] -= 1;
      this.#semaphore.release(step.permitClass);
    }
    this.#checkNoPermitIsIdle();
  }

  isWaiting(scheduler: ModelScheduler, permitClass: PermitClass): boolean {
    return this.#semaphore.isQueued(scheduler.onFree, permitClass);
  }

  /** Takes a permit if there is one. `offered` is the class for which the scheduler was called. */
  take(scheduler: ModelScheduler, permitClass: PermitClass, offered: PermitClass | null): boolean {
    if (!this.#semaphore.mayAcquire(scheduler.onFree, permitClass)) return false;
    const passed = this.#schedulers.filter((other) => other !== scheduler && this.isWaiting(other, permitClass));
    if (permitClass !== offered) expect(passed, 'passes no scheduler that waits for the class').toEqual([]);
    this.#semaphore.acquire(scheduler.onFree, permitClass);
    this.#held[permitClass] += 1;
    expect(this.#fits(none()), 'every class stays within its permits').toBe(true);
    return true;
  }

  #checkNoPermitIsIdle(): void {
    for (const permitClass of CLASSES) {
      const isWanted = this.#schedulers.some(
        (each) => each.wants[permitClass] > 0 && this.isWaiting(each, permitClass),
      );
      const isFree = this.#fits({ ...none(), [permitClass]: 1 });
      expect(isWanted && isFree, `a ${permitClass} permit is free while a scheduler waits for it`).toBe(false);
    }
  }

  #fits(more: Counts): boolean {
    const [proven = 0, unproven = 0, unverified = 0] = CLASSES.map((each) => this.#held[each] + more[each]);
    const half = Math.max(1, Math.floor(this.#count / 2));
    const quarter = Math.max(1, Math.floor(this.#count / 4));
    return proven + unproven + unverified <= this.#count && unproven + unverified <= half && unverified <= quarter;
  }
}

class ModelScheduler {
  readonly wants = none();
  readonly #model: Model;
  readonly #waitsFor = new Set<PermitClass>();
  #order = CLASSES;

  constructor(model: Model) {
    this.#model = model;
  }

  want({ permitClass, calls, order, isTimerLate }: Want): void {
    this.#order = order;
    this.wants[permitClass] += calls;
    if (!isTimerLate) this.#advance(null);
  }

  cancel(permitClass: PermitClass): void {
    this.wants[permitClass] = 0;
  }

  readonly onFree = (): void => {
    const [offered = null] = [...this.#waitsFor].filter((each) => !this.#model.isWaiting(this, each));
    const isWanted = offered !== null && this.wants[offered] > 0;
    const taken = this.#advance(offered);
    if (isWanted) expect(taken, 'takes the permit for the class it is offered for').toContain(offered);
  };

  /** Takes permits while it may, as `UpstreamScheduler` does. The offer is for the first permit of its class. */
  #advance(offered: PermitClass | null): PermitClass[] {
    const taken: PermitClass[] = [];
    const next = (): PermitClass | undefined =>
      this.#order.find(
        (each) =>
          this.wants[each] > 0 &&
          !this.#model.isWaiting(this, each) &&
          this.#model.take(this, each, offered !== null && taken.includes(offered) ? null : offered),
      );
    for (let permitClass = next(); permitClass; permitClass = next()) {
      this.wants[permitClass] -= 1;
      taken.push(permitClass);
    }
    this.#waitsFor.clear();
    for (const each of CLASSES) if (this.#model.isWaiting(this, each)) this.#waitsFor.add(each);
    return taken;
  }
}

interface Want {
  readonly kind: 'want';
  readonly scheduler: number;
  readonly permitClass: PermitClass;
  readonly calls: number;
  readonly order: readonly PermitClass[];
  /** The calls are due, and an offer comes before the scheduler's timer. */
  readonly isTimerLate: boolean;
}

type Step =
  | Want
  | { readonly kind: 'cancel' | 'release'; readonly scheduler: number; readonly permitClass: PermitClass };

const scheduler = fc.nat(SCHEDULERS - 1);
const permitClass = fc.constantFrom(...CLASSES);
const order = fc.shuffledSubarray([...CLASSES], { minLength: CLASSES.length });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('want' as const),
    scheduler,
    permitClass,
    calls: fc.integer({ min: 1, max: 4 }),
    order,
    isTimerLate: fc.boolean(),
  }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('release' as const), scheduler, permitClass }) },
  fc.record({ kind: fc.constant('cancel' as const), scheduler, permitClass }),
);

test('a permit goes to the class it is offered for, in turn, within the share of the class, and none is idle', () => {
  const steps = fc.array(step, { minLength: 1, maxLength: 80 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), steps, (count, sequence) => {
      const model = new Model(count);
      for (const each of sequence) model.run(each);
    }),
    { numRuns: 500 },
  );
});
