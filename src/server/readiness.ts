import type { ClusterHealth } from '../cluster/contract.ts';

export type Phase = 'starting' | 'ready' | 'draining';

export interface ReadinessReport {
  readonly ready: boolean;
  readonly phase: Phase;
  /** `refused`: A2E refuses the gateway's own token. `away`: it does not answer. */
  readonly upstream: 'ok' | 'away' | 'refused';
  readonly cluster: ClusterHealth;
}

/** Whether this process should get traffic, and why not. */
export class Readiness {
  phase: Phase = 'starting';
  upstream: ReadinessReport['upstream'] = 'ok';
  readonly #clusterHealth: () => ClusterHealth;

  constructor(clusterHealth: () => ClusterHealth) {
    this.#clusterHealth = clusterHealth;
  }

  report(): ReadinessReport {
    const { phase, upstream } = this;
    return { ready: phase === 'ready' && upstream !== 'refused', phase, upstream, cluster: this.#clusterHealth() };
  }
}
