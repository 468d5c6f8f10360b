import type { Logger } from 'pino';
import { ResponseSilence } from './response-silence.ts';

/** A summary of failures comes at most this often, in ms. */
const SUMMARY_MS = 30_000;

export interface OutageLogOptions {
  readonly log: Logger;
  /** The name of the called service in a log line: `A2E`. */
  readonly name: string;
  /** The service counts as away after failures or silence for this long without a success, in ms. */
  readonly awayAfterMs: number;
  /** A failure counts for this long, in ms, because without calls there is no success either; null: until a success. */
  readonly failureCountsForMs: number | null;
}

/**
 * Turns the outcomes of calls to one server into few log lines, for any number of calls. The first failure is a line at
 * once, with its reason, unless a line about a failure was written in the last 30 s: then its count is part of the next
 * line. A summary with counts follows at most every 30 s. The first success afterwards is a line.
 * Alternating failures and successes make at most two lines in 30 s.
 */
export class OutageLog {
  /** The calls without an answer, where they are reported. */
  readonly silence = new ResponseSilence();
  readonly #options: OutageLogOptions;
  readonly #reasons = new Map<string, number>();
  /** The first failure since the last success, on the monotonic clock. */
  #failingSince: number | null = null;
  #lastFailedAt = Number.NEGATIVE_INFINITY;
  #lastLineAt = Number.NEGATIVE_INFINITY;
  /** The last log line reported a failure, so the next success is logged. */
  #isFailureLogged = false;

  constructor(options: OutageLogOptions) {
    this.#options = options;
  }

  /** Whether calls have failed, or have had no answer, for long enough without a success in between. */
  get away(): boolean {
    const { awayAfterMs, failureCountsForMs } = this.#options;
    const now = performance.now();
    const isOver = failureCountsForMs !== null && now - this.#lastFailedAt > failureCountsForMs;
    const since = (isOver ? null : this.#failingSince) ?? this.silence.since;
    return since !== null && now - since >= awayAfterMs;
  }

  /** @param reason an error code or a status, never a part of a body. `fields` are added to the log line. */
  failed(reason: string, fields: Readonly<Record<string, unknown>> = {}, level: 'warn' | 'error' = 'warn'): void {
    const now = performance.now();
    this.#lastFailedAt = now;
    this.#failingSince ??= this.silence.since ?? now;
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
    if (now - this.#lastLineAt < SUMMARY_MS) return;
    const { log, name } = this.#options;
    const message = this.#isFailureLogged ? `${name} still fails` : `${name} fails`;
    log[level]({ reason, failures: Object.fromEntries(this.#reasons), ...fields }, message);
    this.#reasons.clear();
    this.#lastLineAt = now;
    this.#isFailureLogged = true;
  }

  succeeded(): void {
    if (this.#failingSince === null) return;
    const failedForMs = Math.round(performance.now() - this.#failingSince);
    this.#failingSince = null;
    if (!this.#isFailureLogged) return;
    const { log, name } = this.#options;
    log.warn({ failures: Object.fromEntries(this.#reasons), failedForMs }, `${name} answers again`);
    this.#reasons.clear();
    this.#isFailureLogged = false;
  }
}
