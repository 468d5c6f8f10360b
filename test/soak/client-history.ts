/** A result as a client of the run selects it. */
export interface ShownState {
  readonly status: string;
  readonly progress: number | null;
  readonly stale: boolean;
  readonly finished: boolean;
}

/** The order of the stages of a task of the run. */
const ORDER = ['INIT', 'START', 'PENDING', 'PROCESS', 'COPY', 'SUCCESS', 'FAIL'];

/** The states that one client was shown over all its connections. */
export class ClientHistory {
  #last: ShownState | null = null;
  #isFirstOfConnection = true;
  #count = 0;

  get last(): ShownState | null {
    return this.#last;
  }

  get count(): number {
    return this.#count;
  }

  /** A new connection begins: its first state may repeat the last one of the connection before. */
  connected(): void {
    this.#isFirstOfConnection = true;
  }

  /**
   * Notes a state; answers what is wrong with it after the states before, or null. Where gateways may differ, the first
   * state of a connection may be older than those of the connection before, unless one of them was final.
   */
  add(state: ShownState, gatewaysDiffer = false): string | null {
    const [before, isFirst] = [this.#last, this.#isFirstOfConnection];
    this.#last = state;
    this.#isFirstOfConnection = false;
    this.#count += 1;
    if (before === null) return null;
    if (!isFirst && isSame(before, state)) return `the same state twice: ${JSON.stringify(state)}`;
    if (isFirst && gatewaysDiffer && !before.finished) return null;
    if (isBackwards(before, state)) return `a step back: ${JSON.stringify(before)}, then ${JSON.stringify(state)}`;
    return null;
  }
}

function isSame(a: ShownState, b: ShownState): boolean {
  return a.status === b.status && a.progress === b.progress && a.stale === b.stale && a.finished === b.finished;
}

function isBackwards(before: ShownState, after: ShownState): boolean {
  if (before.finished && !after.finished) return true;
  const moved = ORDER.indexOf(after.status) - ORDER.indexOf(before.status);
  return moved < 0 || (moved === 0 && (after.progress ?? 0) < (before.progress ?? 0));
}
