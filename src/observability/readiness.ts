import type { ClusterHealth } from '../cluster/contract.ts';

export type Phase = 'starting' | 'ready' | 'draining';

export interface ReadinessReport {
  readonly ready: boolean;
  readonly phase: Phase;
  /** `refused`: A2E refuses the gateway's own token. `away`: it does not answer. */
  readonly upstream: 'ok' | 'away' | 'refused';
  readonly cluster: ClusterHealth;
}

/**
 * That the token was refused counts for this long, in ms: longer than the wait between two probes, of whichever gateway.
 * When nobody asks there is no probe: then let somebody ask.
 */
const REFUSAL_COUNTS_MS = 30_000;

/** Whether this process should get traffic, and why not. */
export class Readiness {
  phase: Phase = 'starting';
  #upstream: ReadinessReport['upstream'] = 'ok';
  #toldAt = 0;
  readonly #clusterHealth: () => ClusterHealth;

  constructor(clusterHealth: () => ClusterHealth) {
    this.#clusterHealth = clusterHealth;
  }

  get upstream(): ReadinessReport['upstream'] {
    const outdated = performance.now() - this.#toldAt > REFUSAL_COUNTS_MS;
    return this.#upstream === 'refused' && outdated ? 'ok' : this.#upstream;
  }

  set upstream(told: ReadinessReport['upstream']) {
    this.#upstream = told;
    this.#toldAt = performance.now();
  }

  report(): ReadinessReport {
    const { phase, upstream } = this;
    return { ready: phase === 'ready' && upstream !== 'refused', phase, upstream, cluster: this.#clusterHealth() };
  }
}
