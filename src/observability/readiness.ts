import type { ClusterHealth } from '../cluster/contract.ts';

export type Phase = 'starting' | 'ready' | 'draining';

export interface ReadinessReport {
  readonly ready: boolean;
  readonly phase: Phase;
  /** `refused`: A2E refuses the gateway's own token. `away`: it does not answer. */
  readonly upstream: 'ok' | 'away' | 'refused';
  readonly cluster: ClusterHealth;
  /**
   * Absent where no key set is configured. `away`: the last fetch failed; the gateway goes on with the keys it holds.
   */
  readonly keySet?: 'ok' | 'away';
}

/** Whether calls to other servers have failed since they last succeeded. */
export interface Outages {
  readonly upstream?: { readonly away: boolean };
  readonly keySet?: { readonly away: boolean } | null;
}

/**
 * How long a refused token keeps `/readyz` at 503, in ms: longer than the interval between two probes of any gateway.
 * Without traffic there is no probe, so readiness has to recover by itself.
 */
const REFUSAL_COUNTS_MS = 30_000;

/** Decides whether this process should get traffic, and reports the reason if not. */
export class Readiness {
  phase: Phase = 'starting';
  #tokenRefusedAt = Number.NEGATIVE_INFINITY;
  readonly #clusterHealth: () => ClusterHealth;
  readonly #outages: Outages;

  constructor(clusterHealth: () => ClusterHealth, outages: Outages = {}) {
    this.#clusterHealth = clusterHealth;
    this.#outages = outages;
  }

  get upstream(): ReadinessReport['upstream'] {
    if (performance.now() - this.#tokenRefusedAt <= REFUSAL_COUNTS_MS) return 'refused';
    return this.#outages.upstream?.away ? 'away' : 'ok';
  }

  /** A2E has refused the gateway's own token. */
  tokenRefused(): void {
    this.#tokenRefusedAt = performance.now();
  }

  tokenAccepted(): void {
    this.#tokenRefusedAt = Number.NEGATIVE_INFINITY;
  }

  report(): ReadinessReport {
    const { phase, upstream } = this;
    const ready = phase === 'ready' && upstream !== 'refused';
    const { keySet } = this.#outages;
    return {
      ready,
      phase,
      upstream,
      cluster: this.#clusterHealth(),
      ...(keySet && { keySet: keySet.away ? 'away' : 'ok' }),
    };
  }
}
