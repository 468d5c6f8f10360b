/** How much may be taken: in all, and under each key of a request, in the order of the keys. */
export interface BudgetLimits {
  readonly total: number;
  readonly perKey: readonly number[];
}

/** A key, such as an address or a connection; null: this share does not apply. */
export type BudgetKey = string | object | null;

/**
 * A bounded amount that tenants share. No key takes more than its share, so that the tenant that floods is the tenant
 * that is refused, and the rest of the total is left for the next one.
 */
export class SharedBudget {
  readonly #limits: BudgetLimits;
  readonly #taken: readonly Map<string | object, number>[];
  #total = 0;

  constructor(limits: BudgetLimits) {
    this.#limits = limits;
    this.#taken = limits.perKey.map(() => new Map());
  }

  /** How much is taken in all. */
  get total(): number {
    return this.#total;
  }

  /** Whether `amount` more fits under all these keys. */
  fits(keys: readonly BudgetKey[], amount = 1): boolean {
    const { total, perKey } = this.#limits;
    if (this.#total + amount > total) return false;
    return perKey.every((limit, index) => this.#of(index, keys[index] ?? null) + amount <= limit);
  }

  /** Takes `amount` under all these keys; the returned function gives it back, once. null: it does not fit. */
  tryAcquire(keys: readonly BudgetKey[], amount = 1): (() => void) | null {
    if (!this.fits(keys, amount)) return null;
    this.#add(keys, amount);
    let held = true;
    return () => {
      if (held) this.#add(keys, -amount);
      held = false;
    };
  }

  #of(index: number, key: BudgetKey): number {
    return key === null ? 0 : (this.#taken[index]?.get(key) ?? 0);
  }

  #add(keys: readonly BudgetKey[], amount: number): void {
    this.#total += amount;
    this.#taken.forEach((taken, index) => {
      const key = keys[index] ?? null;
      if (key === null) return;
      const left = (taken.get(key) ?? 0) + amount;
      if (left > 0) taken.set(key, left);
      else taken.delete(key);
    });
  }
}
