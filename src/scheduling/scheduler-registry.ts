import { LRUCache } from 'lru-cache';
import type { SharedRateLimiter } from '../cluster/contract.ts';
import { gatewayTokenRefused, Unauthenticated } from '../errors.ts';
import { admitsAt, type CircuitState, type TokenPolicy } from './circuit.ts';
import { ClusterRateLimiter } from './cluster-rate-limiter.ts';
import { FairSemaphore, type PermitClass } from './fair-semaphore.ts';
import type { PolledTasks } from './polled-tasks.ts';
import type { CallListener, PollStartListener, SchedulerEvent } from './scheduler-options.ts';
import { UpstreamScheduler } from './upstream-scheduler.ts';

/** The identity of a token. Every key has its own scheduler. */
export interface TokenIdentity {
  /** Names the token here and in the cluster; holds no secret. */
  readonly key: string;
  readonly owner: 'gateway' | 'caller';
}

/** The present state of all schedulers. */
export interface SchedulingReport {
  /** How many tokens have a circuit in this state. `refused`: open, because A2E refuses the token. */
  readonly circuits: Readonly<Record<'closed' | 'open' | 'paused' | 'refused', number>>;
  /** How late polls run because the demand exceeds the limits: of the token with the longest delay, in ms. */
  readonly latenessMs: number;
  /** The time until the first circuit that is not closed admits a call, in ms; null: all are closed. */
  readonly nextCallMs: number | null;
  /** The permits for calls under way, by class. */
  readonly permits: Readonly<Record<PermitClass, number>>;
}

export interface SchedulerRegistryOptions {
  /** `UPSTREAM_MAX_CONCURRENCY`, of all schedulers together. */
  readonly maxConcurrency: number;
  /** `UPSTREAM_MAX_RPS`, calls per second and token; null: unlimited. */
  readonly maxRps: number | null;
  /** The name of the polled API in messages to clients; by default `A2E`. */
  readonly upstreamName?: string;
  /** `POLL_INTERVAL_MS` */
  readonly intervalMs: number;
  readonly onEvent?: (event: SchedulerEvent, token: TokenIdentity) => void;
  readonly onPollStart?: PollStartListener;
  readonly calls?: CallListener;
  /** Counts the tasks of all tokens whose poll waits or runs. */
  readonly polled?: PolledTasks;
  /** The limits that the gateways of a cluster share; absent without a cluster. */
  readonly shared?: SharedRateLimiter | undefined;
  readonly random?: () => number;
}

/** Idle schedulers are dropped when this number is reached, or twice the number that the last sweep left. */
const SWEEP_AT = 256;
/** Peers receive a refused token as a pause of the key with this suffix. */
const TOKEN_REFUSED_SUFFIX = ' refused';
/** Shorter than the interval between probes of a refused token, so that every refused probe is published. */
const TOKEN_REFUSED_MS = 9_000;
const GATEWAY_TOKEN: Omit<TokenPolicy, 'refusedError'> = { probeMs: 10_000, refusalExpires: false };
/** For this long after a refusal the calls of a caller's token fail without a call to A2E. */
const CALLER_TOKEN: Omit<TokenPolicy, 'refusedError'> = { probeMs: 1_000, refusalExpires: true };
/** The accepted tokens that are remembered without a scheduler. */
const MAX_ACCEPTED = 10_000;
/** Calls under way with a caller's token that A2E has never accepted: a guessed token costs no more than these. */
const MAX_UNVERIFIED = 4;

/**
 * One {@link UpstreamScheduler} per token, in step with the schedulers of the other gateways. All schedulers share the
 * permits for calls under way, and take turns at them.
 */
export class SchedulerRegistry implements Disposable {
  readonly #options: SchedulerRegistryOptions;
  readonly #gatewayToken: TokenPolicy;
  readonly #callerToken: TokenPolicy;
  readonly #semaphore: FairSemaphore;
  readonly #schedulers = new Map<string, UpstreamScheduler>();
  /** The keys of accepted tokens whose schedulers were idle and have been dropped. */
  readonly #accepted = new LRUCache<string, true>({ max: MAX_ACCEPTED });
  #sweepAt = SWEEP_AT;
  /** The current events come from a peer, so they are not published again. */
  #isApplyingPeerEvent = false;
  readonly #stopListening: (() => void) | undefined;

  constructor(options: SchedulerRegistryOptions) {
    const { upstreamName = 'A2E' } = options;
    this.#options = options;
    this.#gatewayToken = { ...GATEWAY_TOKEN, refusedError: gatewayTokenRefused(upstreamName) };
    this.#callerToken = { ...CALLER_TOKEN, refusedError: new Unauthenticated(`${upstreamName} refuses this token`) };
    this.#semaphore = new FairSemaphore(options.maxConcurrency);
    this.#stopListening = options.shared?.onPause((name, forMs) => this.#onPeerPause(name, forMs));
  }

  /** The scheduler of this token. Ask again for every call, because an idle scheduler may have been replaced. */
  for(token: TokenIdentity): UpstreamScheduler {
    const known = this.#schedulers.get(token.key);
    if (known) return known;
    this.#sweep();
    const scheduler = this.#open(token);
    this.#schedulers.set(token.key, scheduler);
    for (const name of [token.key, token.key + TOKEN_REFUSED_SUFFIX]) {
      const leftMs = this.#options.shared?.pausedFor(name) ?? 0;
      if (leftMs > 0) this.#onPeerPause(name, leftMs);
    }
    return scheduler;
  }

  /** A2E has accepted the token with this key, and has not refused it since. The keys longest unused are forgotten. */
  isTokenAccepted(key: string): boolean {
    return this.#schedulers.get(key)?.isTokenAccepted || this.#accepted.get(key) === true;
  }

  /** The number of schedulers, idle ones included. */
  get size(): number {
    return this.#schedulers.size;
  }

  /** The circuits by state, and the longest delay of polls at present: see {@link SchedulingReport}. */
  report(): SchedulingReport {
    const circuits = { closed: 0, open: 0, paused: 0, refused: 0 };
    let latenessMs = 0;
    let nextCallAt = Number.POSITIVE_INFINITY;
    for (const { presentState, latenessMs: ownMs } of this.#schedulers.values()) {
      circuits[circuitWord(presentState)] += 1;
      latenessMs = Math.max(latenessMs, ownMs);
      if (presentState.kind !== 'closed') nextCallAt = Math.min(nextCallAt, admitsAt(presentState));
    }
    const waitMs = Math.max(0, nextCallAt - performance.now());
    const nextCallMs = Number.isFinite(waitMs) ? waitMs : null;
    return { circuits, latenessMs, nextCallMs, permits: this.#semaphore.held };
  }

  [Symbol.dispose](): void {
    this.#stopListening?.();
  }

  #open(token: TokenIdentity): UpstreamScheduler {
    const { shared, maxRps, intervalMs, onEvent, onPollStart, calls, polled, random = Math.random } = this.#options;
    const rateLimiter =
      shared && maxRps !== null
        ? (onChange: () => void) => new ClusterRateLimiter(shared, token.key, maxRps, onChange)
        : undefined;
    const isCaller = token.owner === 'caller';
    return new UpstreamScheduler({
      maxRps,
      intervalMs,
      random,
      semaphore: this.#semaphore,
      tokenPolicy: isCaller ? this.#callerToken : this.#gatewayToken,
      maxUnverified: isCaller ? MAX_UNVERIFIED : null,
      ...(rateLimiter && { rateLimiter }),
      ...(onPollStart && { onPollStart }),
      ...(calls && { calls }),
      ...(polled && { polled }),
      onEvent: (event) => {
        if (event.kind === 'token-refused') this.#accepted.delete(token.key);
        if (!this.#isApplyingPeerEvent) this.#publish(event, token);
        onEvent?.(event, token);
      },
    });
  }

  /**
   * Publishes pauses and conclusive refusals. A gateway that has just started, or polls one task alone, infers a refused
   * token from a single 403, so that inference must not stop the peers.
   */
  #publish(event: SchedulerEvent, { key, owner }: TokenIdentity): void {
    const { shared } = this.#options;
    if (event.kind === 'paused') void shared?.pause(key, event.forMs);
    if (event.kind === 'token-refused' && event.isConclusive && owner === 'gateway')
      void shared?.pause(key + TOKEN_REFUSED_SUFFIX, TOKEN_REFUSED_MS);
  }

  /** The jitter lets one gateway probe before its peers do, if the gateway that found the token refused has died. */
  #onPeerPause(name: string, forMs: number): void {
    const { random = Math.random } = this.#options;
    this.#isApplyingPeerEvent = true;
    try {
      if (!name.endsWith(TOKEN_REFUSED_SUFFIX)) {
        this.#schedulers.get(name)?.onPeer({ kind: 'peer-paused', forMs });
        return;
      }
      const at = performance.now() - Math.max(0, TOKEN_REFUSED_MS - forMs);
      const probeInMs = GATEWAY_TOKEN.probeMs * (1.1 + 0.2 * random());
      const key = name.slice(0, -TOKEN_REFUSED_SUFFIX.length);
      this.#schedulers.get(key)?.onPeer({ kind: 'peer-token-refused', at, probeInMs });
    } finally {
      this.#isApplyingPeerEvent = false;
    }
  }

  #sweep(): void {
    if (this.#schedulers.size < this.#sweepAt) return;
    for (const [key, scheduler] of this.#schedulers) {
      if (!scheduler.idle) continue;
      if (scheduler.isTokenAccepted) this.#accepted.set(key, true);
      this.#schedulers.delete(key);
    }
    this.#sweepAt = Math.max(SWEEP_AT, 2 * this.#schedulers.size);
  }
}

function circuitWord(state: CircuitState): keyof SchedulingReport['circuits'] {
  return state.kind === 'open' && state.reason === 'token-refused' ? 'refused' : state.kind;
}
