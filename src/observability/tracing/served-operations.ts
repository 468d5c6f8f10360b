import { type Link, type SpanContext, TraceFlags } from '@opentelemetry/api';
import { getOrInsert } from '../../get-or-insert.ts';

/** The operations that share one execution. `trace`: null without an SDK. */
export interface Audience extends Iterable<{ readonly trace: { readonly spanContext: SpanContext } | null }> {
  readonly size: number;
}

/** The operations that a poll serves. */
export interface Served {
  /** Links to the exported ones, at most {@link MAX_LINKS}. */
  readonly links: Link[];
  readonly total: number;
}

/** The links of one poll, however many operations it serves. */
export const MAX_LINKS = 32;
/** How many operations are looked at for links, because most may belong to traces that are not exported. */
const MAX_LOOKED_AT = 1_024;

/** The operations with a trace that wait for each task, by the key of its watch. */
export class ServedOperations {
  readonly #byWatch = new Map<string, Set<Audience>>();

  /** The polls of these watches serve the audience until the returned function is called. */
  add(watchKeys: readonly string[], audience: Audience): () => void {
    for (const key of watchKeys) getOrInsert(this.#byWatch, key, () => new Set<Audience>()).add(audience);
    return () => {
      for (const key of watchKeys) this.#remove(key, audience);
    };
  }

  of(watchKey: string): Served {
    const audiences = this.#byWatch.get(watchKey) ?? new Set();
    let total = 0;
    for (const { size } of audiences) total += size;
    return { links: linksTo(audiences), total };
  }

  #remove(key: string, audience: Audience): void {
    const audiences = this.#byWatch.get(key);
    audiences?.delete(audience);
    if (audiences?.size === 0) this.#byWatch.delete(key);
  }
}

function linksTo(audiences: Iterable<Audience>): Link[] {
  const links: Link[] = [];
  let lookedAt = 0;
  for (const audience of audiences)
    for (const { trace } of audience) {
      lookedAt += 1;
      if (trace && trace.spanContext.traceFlags & TraceFlags.SAMPLED) links.push({ context: trace.spanContext });
      if (links.length >= MAX_LINKS || lookedAt >= MAX_LOOKED_AT) return links;
    }
  return links;
}
