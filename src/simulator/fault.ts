import type { RowPatch } from './a2e-row.ts';

/** What to do with a call instead of answering it properly. Sizes in bytes, times in ms. */
export type FaultAction =
  /** A bare status with a JSON error body. `retryAfter` is written as given: seconds, an HTTP date, or garbage. */
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: number | string; readonly msg?: string }
  /** An HTML page, with 200 unless said otherwise. */
  | { readonly kind: 'html'; readonly status?: number }
  /** 200 and JSON that breaks off. */
  | { readonly kind: 'bad-json' }
  /** 200 and this value as JSON (default: an undocumented shape). */
  | { readonly kind: 'json'; readonly body?: unknown }
  /** Exactly these characters. */
  | { readonly kind: 'raw'; readonly body: string; readonly status?: number; readonly contentType?: string }
  /** 200 with `code` not 0 (default 1). */
  | { readonly kind: 'code'; readonly code?: unknown; readonly msg?: string }
  /** `data` is the row itself. */
  | { readonly kind: 'data-object' }
  | { readonly kind: 'data-null' }
  /** `data: []`: no such task. */
  | { readonly kind: 'empty' }
  /** Rows of other tasks before and after the one asked for. */
  | { readonly kind: 'many-rows' }
  /** The right answer, but for another `_id`. */
  | { readonly kind: 'other-id'; readonly otherId?: string }
  /** The right row with these fields laid over it, and `omit` taken away. */
  | { readonly kind: 'row'; readonly row?: RowPatch; readonly omit?: readonly string[] }
  /** The right answer, `bytes` (1) at a time every `everyMs` (50). */
  | { readonly kind: 'drip'; readonly everyMs?: number; readonly bytes?: number }
  /** The right answer after `delayMs`. */
  | { readonly kind: 'slow-headers'; readonly delayMs: number }
  /** No answer at all on an open connection. */
  | { readonly kind: 'hang' }
  /** Headers and half of the body, then silence on an open connection. */
  | { readonly kind: 'stall' }
  /** A body that never ends, as fast as it is read. */
  | { readonly kind: 'endless' }
  /** The right answer, made `bytes` (2 MiB) larger. */
  | { readonly kind: 'huge'; readonly bytes?: number }
  /** The same, gzipped to next to nothing: `bytes` (64 MiB) when unpacked. */
  | { readonly kind: 'gzip-bomb'; readonly bytes?: number }
  /** Half of the promised body, then the connection ends. */
  | { readonly kind: 'truncated' }
  /** A TCP reset instead of an answer. */
  | { readonly kind: 'reset' }
  /** 302 (or `status`) to `location`. */
  | { readonly kind: 'redirect'; readonly location: string; readonly status?: number };

export type FaultKind = FaultAction['kind'];

/** Which reads of a task a fault hits. Without `id` and `token`: any read. A call that creates a task is never hit. */
export interface FaultAim {
  readonly id?: string;
  readonly token?: string;
  /** How many calls it hits (default 1), or `always` until cleared. */
  readonly times?: number | 'always';
  /** How many matching calls it lets pass first (default 0). */
  readonly after?: number;
}

export type Fault = FaultAction & FaultAim;
