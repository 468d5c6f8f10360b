import type { ViolationReason } from './contract-violation.ts';

/**
 * An event of a call to A2E, for logs and metrics. It holds no part of a token or a response body, except a body's
 * length in bytes and a short hash of it (see `fingerprintBody`). `ms` is the length of the call so far.
 *
 * A call of another source than A2E has the status of A2E that has the same meaning.
 *
 * Every call reports exactly one of `answered`, `unanswered`, `tls-failure` and `aborted`. After `answered` with a 2xx
 * or 404 status follows `decoded`, `contract-violation` or `wrong-task`.
 */
export type UpstreamEvent =
  /** An HTTP response arrived, with any status. */
  | { readonly kind: 'answered'; readonly ms: number; readonly status: number }
  /**
   * No complete response arrived: `TIMEOUT`, or the error code of the system or of undici (`ECONNREFUSED`,
   * `UND_ERR_SOCKET`).
   */
  | { readonly kind: 'unanswered'; readonly ms: number; readonly reason: string }
  /** The peer could not prove its identity, or does not speak TLS. Logged at error level. */
  | { readonly kind: 'tls-failure'; readonly ms: number; readonly reason: string }
  /** The caller aborted the call, or the client was disposed of meanwhile. */
  | { readonly kind: 'aborted'; readonly ms: number }
  /** The response differs from the documented one. */
  | {
      readonly kind: 'contract-violation';
      readonly reason: ViolationReason;
      readonly status: number;
      /** Absent where another source than A2E reads the body. */
      readonly length?: number;
      readonly hash?: string;
    }
  /** The response is for another task. The client drops it and retires its connections. */
  | { readonly kind: 'wrong-task'; readonly length: number; readonly hash: string }
  /** The response is a documented one: a task, or the absence of a task. */
  | { readonly kind: 'decoded' }
  /** The status is a word the API does not document. */
  | { readonly kind: 'unknown-status' };
