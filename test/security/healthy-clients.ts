import { connect } from '../support/ws-client.ts';

/** Clients that watch a task each. The task changes at every poll, so each poll brings an update. */
const CLIENTS = 100;

/** The updates of one phase. All in ms. */
export interface Updates {
  readonly count: number;
  /** From A2E's answer to the arrival at the client. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The longest time that a client was without an update. */
  readonly gapMs: number;
}

/** The healthy clients of a gateway. A2E writes the time of its answer into each state, see `attacked-a2e.ts`. */
export class HealthyClients implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  readonly #lastAt: number[] = [];
  #delays: number[] = [];
  #gapMs = 0;

  /** Connects all clients. @param authorization the value in `connection_init`; null: none. */
  static async start(gatewayUrl: string, authorization: string | null): Promise<HealthyClients> {
    const clients = new HealthyClients();
    for (let index = 0; index < CLIENTS; index += 1) await clients.#watch(gatewayUrl, index, authorization);
    return clients;
  }

  /** Begins a new phase, and returns the figures of the last one. */
  take(): Updates {
    const now = performance.now();
    for (const index of this.#lastAt.keys()) this.#measureGap(index, now);
    const sorted = this.#delays.toSorted((a, b) => a - b);
    const quantile = (share: number): number => rounded(sorted[Math.floor(sorted.length * share)] ?? Number.NaN);
    const updates = { count: sorted.length, p50Ms: quantile(0.5), p99Ms: quantile(0.99), gapMs: rounded(this.#gapMs) };
    this.#delays = [];
    this.#gapMs = 0;
    return updates;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #watch(gatewayUrl: string, index: number, authorization: string | null): Promise<void> {
    const client = this.#stack.use(await connect(gatewayUrl, authorization === null ? undefined : { authorization }));
    this.#lastAt[index] = performance.now();
    client.socket.on('message', (text) => {
      const now = performance.now();
      const answeredAt = Number(/"message":"([\d.]+)"/.exec(String(text))?.[1]);
      this.#delays.push(performance.timeOrigin + now - answeredAt);
      this.#measureGap(index, now);
      this.#lastAt[index] = now;
    });
    client.subscribe('w', `subscription { taskStatus(id: "healthy-${index}") { message } }`);
  }

  #measureGap(index: number, now: number): void {
    this.#gapMs = Math.max(this.#gapMs, now - (this.#lastAt[index] ?? now));
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}
