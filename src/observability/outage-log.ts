import type { Logger } from 'pino';

/** A summary of failures comes at most this often, in ms. */
const SUMMARY_MS = 30_000;
/** Outages within that time that have a line each, if their first failures differ. */
const MAX_REASONS = 3;

export interface OutageLogOptions {
  readonly log: Logger;
  /** The name of the called service in a log line: `A2E`. */
  readonly name: string;
  /** The service counts as away when failures have lasted for so long without a success, in ms. */
  readonly awayAfterMs: number;
  /** A failure counts for this long, in ms, because without calls there is no success either; null: until a success. */
  readonly failureCountsForMs: number | null;
}

/** How a failure is logged. */
export interface FailureReport {
  /** Added to the log line. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** By default `warn`. */
  readonly level?: 'warn' | 'error';
  /** When the failure began, on the monotonic clock; by default now. */
  readonly since?: number | null;
}

/**
 * Turns the failures and successes of one server into few log lines, for any number of calls. The first failure is a line
 * at once, with its reason, unless a line about the same reason was written in the last 30 s: then its count is part of the
 * next line. A summary with counts follows at most every 30 s. The first success afterwards is a line. Alternating
 * failures and successes make two lines in 30 s, and six if the reasons differ.
 */
export class OutageLog {
  readonly #options: OutageLogOptions;
  readonly #reasons = new Map<string, number>();
  /** The first failure since the last success, on the monotonic clock. */
  #failingSince: number | null = null;
  #lastFailedAt = Number.NEGATIVE_INFINITY;
  /** The failures prove by their number that the server is away. */
  #isConfirmed = false;
  /** The beginning of the last 30 s with lines about failures, and the reasons of these lines. */
  #linesSince = Number.NEGATIVE_INFINITY;
  readonly #loggedReasons = new Set<string>();
  /** The last log line reported a failure, so the next success is logged. */
  #isFailureLogged = false;

  constructor(options: OutageLogOptions) {
    this.#options = options;
  }

  /** A call has failed since the last success, and the failure still counts. */
  get isFailing(): boolean {
    const { failureCountsForMs } = this.#options;
    if (this.#failingSince === null) return false;
    return failureCountsForMs === null || performance.now() - this.#lastFailedAt <= failureCountsForMs;
  }

  /** Whether calls have failed for long enough, or often enough, without a success in between. */
  get away(): boolean {
    if (!this.isFailing || this.#failingSince === null) return false;
    return this.#isConfirmed || performance.now() - this.#failingSince >= this.#options.awayAfterMs;
  }

  /** @param reason an error code or a status, never a part of a body */
  failed(reason: string, { fields = {}, level = 'warn', since = null }: FailureReport = {}): void {
    const now = performance.now();
    const isFirst = !this.isFailing;
    if (isFirst) this.#begin(since ?? now);
    this.#lastFailedAt = now;
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
    if (!this.#isLineDue(reason, isFirst, now)) return;
    const { log, name } = this.#options;
    const message = this.#isFailureLogged ? `${name} still fails` : `${name} fails`;
    log[level]({ reason, failures: Object.fromEntries(this.#reasons), ...fields }, message);
    this.#reasons.clear();
    this.#loggedReasons.add(reason);
    this.#isFailureLogged = true;
  }

  /** So many calls have failed that the server is away without a further wait. */
  confirm(): void {
    this.#isConfirmed = this.isFailing;
  }

  /** @param at the time of the success, if it may be older than the last failure */
  succeeded(at: number = Number.POSITIVE_INFINITY): void {
    if (this.#failingSince === null || at < this.#lastFailedAt) return;
    const failedUntil = this.isFailing ? performance.now() : this.#lastFailedAt;
    const failedForMs = Math.round(failedUntil - this.#failingSince);
    this.#failingSince = null;
    this.#isConfirmed = false;
    if (!this.#isFailureLogged) return;
    const { log, name } = this.#options;
    log.warn({ failures: Object.fromEntries(this.#reasons), failedForMs }, `${name} answers again`);
    this.#reasons.clear();
    this.#isFailureLogged = false;
  }

  /** An outage begins. One before it that ended without a success counts no longer. */
  #begin(since: number): void {
    if (this.#failingSince !== null) this.#isFailureLogged = false;
    this.#failingSince = since;
    this.#isConfirmed = false;
  }

  #isLineDue(reason: string, isFirst: boolean, now: number): boolean {
    if (now - this.#linesSince < SUMMARY_MS)
      return isFirst && this.#loggedReasons.size < MAX_REASONS && !this.#loggedReasons.has(reason);
    this.#linesSince = now;
    this.#loggedReasons.clear();
    return true;
  }
}
