import type { Fault, FaultAction } from './fault.ts';

interface Armed {
  readonly fault: Fault;
  left: number;
  toPass: number;
}

/** The faults in store. Of several that match a call, the oldest strikes, until it is used up. */
export class FaultRegistry {
  #armed: Armed[] = [];

  add(fault: Fault): void {
    const { times = 1, after = 0 } = fault;
    this.#armed.push({ fault, left: times === 'always' ? Number.POSITIVE_INFINITY : times, toPass: after });
  }

  clear(): void {
    this.#armed = [];
  }

  /** What hits this call, if anything; counts against its `times`. */
  match(id: string, token: string): FaultAction | null {
    for (const armed of this.#armed) {
      const { fault } = armed;
      if (fault.id !== undefined && fault.id !== id) continue;
      if (fault.token !== undefined && fault.token !== token) continue;
      if (armed.toPass > 0) armed.toPass -= 1;
      else return this.#use(armed);
    }
    return null;
  }

  #use(armed: Armed): FaultAction {
    armed.left -= 1;
    if (armed.left <= 0) this.#armed = this.#armed.filter((other) => other !== armed);
    return armed.fault;
  }
}
