import { Overloaded } from '../../errors.ts';
import { createRefusals, type Refusals } from './refusals.ts';
import { SharedBudget } from './shared-budget.ts';

/** The owner of waiting work. */
export interface AccountKeys {
  /** The caller's rate key; null: callers are told apart by their address alone. */
  readonly rateKey: string | null;
  /** The network address; undefined: not known. */
  readonly address?: string;
}

/** A request over HTTP before its body is read. */
export interface IncomingWork {
  /** The TCP connection. */
  readonly connection: object;
  readonly address: string;
  /** How long the body is at most, in bytes. */
  readonly bodyBytes: number;
}

/** The bounds of waiting work in one process. */
export interface AdmissionLimits {
  /** Reads that wait for A2E. */
  readonly reads: number;
  /** HTTP requests that are not answered yet. */
  readonly requests: number;
  /** The same on one connection: a client that pipelines waits for answers. */
  readonly requestsPerConnection: number;
  /** Of the bodies of these requests. */
  readonly bodyBytes: number;
}

/** 10,000 reads are as many as 64 permits of 100 ms answer within `FIRST_ANSWER_TIMEOUT_MS`; each takes some 3 KiB. */
export const DEFAULT_ADMISSION: AdmissionLimits = {
  reads: 10_000,
  requests: 8_192,
  requestsPerConnection: 24,
  bodyBytes: 64 * 1024 * 1024,
};

/** An address holds half at most, because it may be a proxy's; a caller that is told apart holds a quarter. */
const ADDRESS_SHARE = 1 / 2;
const CALLER_SHARE = 1 / 4;

const RETRY_AFTER_S = 1;
/** The refusal. Made once: a stack trace per refusal costs more than the work it refuses. */
export const OVERLOADED = new Overloaded(
  'The gateway has as much waiting work as it takes: try again later',
  RETRY_AFTER_S,
);

/**
 * The bound on work that waits, in the way of Envoy's overload manager: load is shed before the process dies, and the
 * tenant that floods is refused first. Refused work makes no call to A2E.
 */
export class Admission {
  readonly #reads: SharedBudget;
  readonly #requests: SharedBudget;
  readonly #bodyBytes: SharedBudget;
  readonly #refusals: Refusals;

  constructor(limits: AdmissionLimits = DEFAULT_ADMISSION, refusals: Refusals = createRefusals()) {
    const { reads, requests, requestsPerConnection, bodyBytes } = limits;
    this.#refusals = refusals;
    this.#reads = new SharedBudget({ total: reads, perKey: [reads * CALLER_SHARE, reads * ADDRESS_SHARE] });
    this.#requests = new SharedBudget({
      total: requests,
      perKey: [requestsPerConnection, requests * ADDRESS_SHARE],
    });
    this.#bodyBytes = new SharedBudget({ total: bodyBytes, perKey: [bodyBytes * ADDRESS_SHARE] });
  }

  /** Reads that wait for A2E now. */
  get waitingReads(): number {
    return this.#reads.total;
  }

  /** HTTP requests that are not answered yet. */
  get openRequests(): number {
    return this.#requests.total;
  }

  /**
   * Takes in a request before its body is read, and before its caller is known; the returned function says, once, that
   * it is answered.
   */
  tryEnter({ connection, address, bodyBytes }: IncomingWork): (() => void) | Overloaded {
    if (!this.#reads.fits([null, address])) return this.#refuse();
    const leave = this.#requests.tryAcquire([connection, address]);
    const drop = leave && this.#bodyBytes.tryAcquire([address], bodyBytes);
    if (!drop) {
      leave?.();
      return this.#refuse();
    }
    return () => {
      leave();
      drop();
    };
  }

  /** The refusal of a caller's operation, before its document is parsed; null: it is admitted. */
  refusalOf({ rateKey, address }: AccountKeys): Overloaded | null {
    return this.#reads.fits([rateKey, address ?? null]) ? null : this.#refuse();
  }

  /** Takes a place for a read that waits for A2E; the returned function gives it back. Throws `Overloaded`. */
  startRead({ rateKey, address }: AccountKeys): () => void {
    const done = this.#reads.tryAcquire([rateKey, address ?? null]);
    if (!done) throw this.#refuse();
    return done;
  }

  #refuse(): Overloaded {
    this.#refusals.add('overloaded');
    return OVERLOADED;
  }
}
