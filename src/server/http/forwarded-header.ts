/**
 * The last value of an `X-Forwarded-*` header: the nearest proxy wrote it, and a client can invent each value before
 * it. Empty when there is none.
 */
export function lastForwarded(header: string | readonly string[] | undefined): string {
  return [header ?? []].flat().join(',').split(',').at(-1)?.trim() ?? '';
}
