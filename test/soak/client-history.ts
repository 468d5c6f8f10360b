/** A result as a client of the run selects it. */
export interface ShownState {
  readonly status: string;
  readonly progress: number | null;
  readonly stale: boolean;
  readonly finished: boolean;
}

/** How far a state is behind A2E, and how far it may be. */
export interface Lag {
  readonly behindMs: number;
  /** 0: not at all. */
  readonly allowedMs: number;
}

const NO_LAG: Lag = { behindMs: Number.POSITIVE_INFINITY, allowedMs: 0 };

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
   * Notes a state; answers what is wrong with it after the states before, or null. `lag` is for a step back: how far the
   * state may be behind, which the first state of a connection needs where gateways differ.
   */
  add(state: ShownState, lag: Lag = NO_LAG): string | null {
    const [before, isFirst] = [this.#last, this.#isFirstOfConnection];
    this.#last = state;
    this.#isFirstOfConnection = false;
    this.#count += 1;
    if (before === null) return null;
    if (!isFirst && isSame(before, state)) return `the same state twice: ${JSON.stringify(state)}`;
    if (!isBackwards(before, state)) return null;
    const { behindMs, allowedMs } = lag;
    if (isFirst && allowedMs > 0 && !before.finished && behindMs <= allowedMs) return null;
    const behind =
      allowedMs > 0 ? `, ${Math.round(behindMs)} ms behind where ${Math.round(allowedMs)} ms are allowed` : '';
    return `a step back: ${JSON.stringify(before)}, then ${JSON.stringify(state)}${behind}`;
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
