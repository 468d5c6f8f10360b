import { setTimeout as delay } from 'node:timers/promises';
import type { WatchedSpan } from './call-rule.ts';
import { ClientHistory, type Lag, type ShownState } from './client-history.ts';
import type { Connection, openConnection, Result } from './connection.ts';
import type { PlannedClient } from './plan.ts';

/** What a client needs of the run. */
export interface ClientSurroundings {
  /** The address of a gateway, as a load balancer picks it. */
  readonly pick: () => string;
  readonly open: typeof openConnection;
  /** Whether an error with this code may end a subscription that began then. */
  readonly allowsCode: (code: string, from: number) => boolean;
  /** How far a state of the task is behind now, and how far it may be on a connection that began then. */
  readonly lag: (state: ShownState, from: number) => Lag;
  readonly violate: (text: string) => void;
  readonly onUpdate: () => void;
  readonly now: () => number;
}

/** What has arrived on one connection. */
interface Arrived {
  /** When the subscription began. */
  readonly from: number;
  /** When the first state came; null: none yet. */
  shownAt: number | null;
  /** The newest result is an error. */
  endsInError: boolean;
}

/** How a stalled client behaves: it reads nothing for this long, in ms. */
const STALL_MS = 5_000;
const RETRY_MS = 200;

/** A client that watches one task to its end, and connects again whenever its connection ends before that. */
export class SoakClient {
  readonly planned: PlannedClient;
  /** When it watched for certain: from the first state on a connection to its end. Empty for a client that stalls. */
  readonly watched: WatchedSpan[] = [];
  readonly #surroundings: ClientSurroundings;
  readonly #history = new ClientHistory();
  readonly #over = new AbortController();
  #connection: Connection | null = null;
  #arrived: Arrived | null = null;
  #endedWith: string | null = null;

  constructor(planned: PlannedClient, surroundings: ClientSurroundings) {
    this.planned = planned;
    this.#surroundings = surroundings;
  }

  /** How it ended: `final state`, `left` or the code of an error; null while it watches. */
  get endedWith(): string | null {
    return this.#endedWith;
  }

  /** The client and the last state that it was shown, for a violation. */
  get description(): string {
    const { name, transport, behaviour, task } = this.planned;
    const last = this.#history.last ? JSON.stringify(this.#history.last) : 'no state';
    return `${name} (${transport}, ${behaviour}, ${task}) has ${last} after ${this.#history.count} states`;
  }

  /** Watches until its end. Never rejects. */
  async run(): Promise<void> {
    const behaving = this.#behave();
    while (this.#endedWith === null) {
      await this.#watchOnce();
      if (this.#endedWith === null) await this.#wait(RETRY_MS);
    }
    await behaving;
  }

  /** Ends it at once. */
  stop(): void {
    this.#end('stopped');
    this.#connection?.crash();
  }

  async #behave(): Promise<void> {
    const { behaviour, afterMs } = this.planned;
    if (behaviour === 'stays') return;
    await this.#wait(afterMs);
    if (this.#endedWith !== null) return;
    if (behaviour !== 'stalls') this.#stopWatching();
    if (behaviour === 'crashes') return this.#connection?.crash();
    if (behaviour === 'leaves') {
      this.#end('left');
      return this.#connection?.leave();
    }
    const stalled = this.#connection;
    stalled?.pause();
    await this.#wait(STALL_MS);
    stalled?.resume();
  }

  #watchOnce(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { open, pick, now } = this.#surroundings;
    const arrived: Arrived = { from: now(), shownAt: null, endsInError: false };
    this.#history.connected();
    this.#arrived = arrived;
    this.#connection = open(this.planned.transport, pick(), this.planned.task, {
      result: (result) => this.#take(result, arrived),
      completed: () => {
        this.#stopWatching();
        this.#complete(arrived);
        resolve();
      },
      closed: () => {
        this.#stopWatching();
        resolve();
      },
    });
    return promise;
  }

  #take({ data, errors = [] }: Result, arrived: Arrived): void {
    const { violate, onUpdate, allowsCode, lag, now } = this.#surroundings;
    arrived.endsInError = errors.length > 0;
    for (const { message, extensions: { code = 'none' } = {} } of errors) {
      // In a fault a subscription without a state may end; the client subscribes again, as a person reloads a page.
      if (arrived.shownAt !== null || !allowsCode(code, arrived.from)) this.#end(code);
      if (this.#endedWith === code) violate(`${this.description}, and then the error ${code}: ${message}`);
    }
    if (!data) return;
    arrived.shownAt ??= now();
    onUpdate();
    const wrong = this.#history.add(data.taskStatus, lag(data.taskStatus, arrived.from));
    if (wrong) violate(`${this.planned.name} was shown ${wrong}`);
  }

  #complete({ endsInError }: Arrived): void {
    if (this.#endedWith !== null) return;
    if (this.#history.last?.finished) return this.#end('final state');
    if (endsInError) return;
    this.#end('no final state');
    this.#surroundings.violate(`${this.description}, and then the end of the subscription`);
  }

  /** The connection ends now. */
  #stopWatching(): void {
    const from = this.#arrived?.shownAt ?? null;
    this.#arrived = null;
    // Until a client that stalls reads on, it does not see the end of its connection.
    if (from === null || this.planned.behaviour === 'stalls') return;
    this.watched.push({ from, to: this.#surroundings.now() });
  }

  #end(how: string): void {
    if (this.#endedWith !== null) return;
    this.#endedWith = how;
    this.#over.abort();
  }

  async #wait(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#over.signal }).catch(() => undefined);
  }
}
