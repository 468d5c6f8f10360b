import type { Logger } from './log.ts';
import { LogLimiter } from './log-limiter.ts';

/** A summary of a refused token comes at most this often, in ms. */
const SUMMARY_MS = 30_000;
/** A circuit that has been open for so long without a line gets one, in ms. */
const LATE_LINE_MS = 60_000;

/**
 * The log lines about the circuit of the gateway's own token. The ids of a client can open the circuit again and again, so
 * openings and pauses have a line a minute each. A token that is refused on has a summary at most every 30 s. A circuit
 * that stays open gets its line a minute later at the latest. A closing is a line only if the opening before it was one.
 */
export class CircuitLog {
  readonly #log: Logger;
  readonly #limiter = new LogLimiter();
  #isOpeningLogged = false;
  #refusals = 0;
  #isRefusalLogged = false;
  #refusalLineAt = Number.NEGATIVE_INFINITY;
  #lateLine: NodeJS.Timeout | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  opened(): void {
    this.#limiter.add('opened', (fields) => {
      this.#logOpening(fields);
    });
    if (!this.#isOpeningLogged) this.#lateLine ??= setTimeout(() => this.#logOpening({}), LATE_LINE_MS).unref();
  }

  /** @param reason `401`: A2E named the token. `403`: inferred from tasks that A2E denies. */
  tokenRefused(reason: '401' | '403'): void {
    const now = performance.now();
    this.#refusals += 1;
    if (now - this.#refusalLineAt < SUMMARY_MS) return;
    const fields = { reason, refusals: this.#refusals };
    if (this.#isRefusalLogged) this.#log.error(fields, "A2E still refuses the gateway's own token");
    else this.#log.error(fields, "A2E refuses the gateway's own token: polling pauses until it is accepted again");
    this.#refusals = 0;
    this.#refusalLineAt = now;
    this.#isRefusalLogged = true;
    this.#isOpeningLogged = true;
  }

  closed(): void {
    this.#endLateLine();
    this.#isRefusalLogged = false;
    if (!this.#isOpeningLogged) return;
    this.#isOpeningLogged = false;
    this.#log.warn({ upstream: 'ok' }, 'circuit closed');
  }

  #logOpening(fields: object): void {
    this.#endLateLine();
    this.#isOpeningLogged = true;
    this.#log.warn({ upstream: 'away', ...fields }, 'circuit opened');
  }

  #endLateLine(): void {
    clearTimeout(this.#lateLine);
    this.#lateLine = undefined;
  }

  paused(forMs: number): void {
    this.#limiter.add('paused', (fields) =>
      this.#log.warn({ forMs, ...fields }, 'A2E limits the rate: polling pauses'),
    );
  }
}
