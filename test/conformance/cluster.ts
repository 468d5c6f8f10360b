import { describe } from 'vitest';
import { describeTick } from './cluster-claims.ts';
import { describeInvalidations } from './cluster-invalidations.ts';
import { describePauses, describeRate } from './cluster-limits.ts';
import type { StartCluster } from './cluster-nodes.ts';
import { describeStates } from './cluster-states.ts';

/** The suite that every implementation of the contract passes. */
export function describeCluster(name: string, start: StartCluster): void {
  describe(`${name}: the tick`, () => describeTick(start));
  describe(`${name}: states`, () => describeStates(start));
  describe(`${name}: the rate`, () => describeRate(start));
  describe(`${name}: pauses`, () => describePauses(start));
  describe(`${name}: invalidations`, () => describeInvalidations(start));
}
