import type { Logger } from 'pino';

/** A summary of failures comes at most this often, in ms. */
const SUMMARY_MS = 30_000;

export interface OutageLogOptions {
  readonly log: Logger;
  /** The name of the called service in a log line: `A2E`. */
  readonly name: string;
  /** Failures without a success for this long make it away, in ms. */
  readonly awayAfterMs: number;
}

/**
 * Turns the outcomes of calls to one server into a handful of log lines, however many calls there are: the first failure
 * is a line at once, with its reason; then a summary with counts at most every 30 s; the first success after it is a
 * line. Failures and successes in turn make two lines in 30 s at most.
 */
export class OutageLog {
  readonly #options: OutageLogOptions;
  readonly #reasons = new Map<string, number>();
  /** The first failure since the last success, on the monotonic clock. */
  #failingSince: number | null = null;
  #lastLineAt = Number.NEGATIVE_INFINITY;
  /** The log says that it fails. */
  #told = false;

  constructor(options: OutageLogOptions) {
    this.#options = options;
  }

  /** Whether calls have failed for long enough, without a success in between. */
  get away(): boolean {
    return this.#failingSince !== null && performance.now() - this.#failingSince >= this.#options.awayAfterMs;
  }

  /** @param reason an error code or a status: no part of a body. `fields` come with it in the log line. */
  failed(reason: string, fields: Readonly<Record<string, unknown>> = {}, level: 'warn' | 'error' = 'warn'): void {
    const now = performance.now();
    this.#failingSince ??= now;
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
    if (now - this.#lastLineAt < SUMMARY_MS) return;
    const { log, name } = this.#options;
    const message = this.#told ? `${name} still fails` : `${name} fails`;
    log[level]({ reason, failures: Object.fromEntries(this.#reasons), ...fields }, message);
    this.#reasons.clear();
    this.#lastLineAt = now;
    this.#told = true;
  }

  succeeded(): void {
    if (this.#failingSince === null) return;
    const failedForMs = Math.round(performance.now() - this.#failingSince);
    this.#failingSince = null;
    if (!this.#told) return;
    const { log, name } = this.#options;
    log.warn({ failures: Object.fromEntries(this.#reasons), failedForMs }, `${name} answers again`);
    this.#reasons.clear();
    this.#told = false;
  }
}
