import type { Logger } from './log.ts';
import { LogLimiter } from './log-limiter.ts';

/**
 * The log lines about the circuit of the gateway's own token. The ids of a client can open the circuit again and again, so
 * openings and pauses have a line a minute each. A closing is a line only if the opening before it was one.
 */
export class CircuitLog {
  readonly #log: Logger;
  readonly #limiter = new LogLimiter();
  #isOpeningLogged = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  opened(): void {
    this.#limiter.add('opened', (fields) => {
      this.#isOpeningLogged = true;
      this.#log.warn({ upstream: 'away', ...fields }, 'circuit opened');
    });
  }

  tokenRefused(): void {
    this.#isOpeningLogged = true;
    this.#log.error("A2E refuses the gateway's own token: polling pauses until it is accepted again");
  }

  closed(): void {
    if (!this.#isOpeningLogged) return;
    this.#isOpeningLogged = false;
    this.#log.warn({ upstream: 'ok' }, 'circuit closed');
  }

  paused(forMs: number): void {
    this.#limiter.add('paused', (fields) =>
      this.#log.warn({ forMs, ...fields }, 'A2E limits the rate: polling pauses'),
    );
  }
}
