import type { Operation } from './operation.ts';

/** Exact: two operations with the same key have the same results for as long as they run. */
export function sharingKey({ prepared, variables, client }: Operation): string {
  const { credential, scope } = client.caller;
  return JSON.stringify([credential.key, scope, prepared.id, canonicalize(variables)]);
}

/** The same value with the keys of all its objects in order, so that clients may write them in any. */
function canonicalize(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonicalize);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, canonicalize(inner)]));
}
