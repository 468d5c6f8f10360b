/** The part of a `Map` or a `WeakMap` that {@link getOrInsert} uses. */
interface Lookup<K, V> {
  get(key: K): V | undefined;
  set(key: K, value: V): unknown;
}

/**
 * The value of a key; a missing one is computed and inserted. `undefined` counts as missing.
 * `Map.prototype.getOrInsertComputed` does the same from Node 26 on.
 */
export function getOrInsert<K, V extends object>(map: Lookup<K, V>, key: K, compute: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const value = compute();
  map.set(key, value);
  return value;
}
