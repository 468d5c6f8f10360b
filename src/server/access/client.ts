import type { RequestTrace } from '../../observability/tracing/request-tracer.ts';
import type { Caller } from './authenticator.ts';

/** The sender of an operation. */
export interface Client {
  readonly caller: Caller;
  /** The key that the caller's share of a limit is counted by. Never shown to a client, never logged. */
  readonly account: string;
  /** The trace of the request; null: this process has no traces. */
  readonly trace: RequestTrace | null;
}

/**
 * The client at a network address. Callers without an identity (`AUTH_MODE=open`) are counted by their address.
 */
export function clientOf(caller: Caller, address: string, trace: RequestTrace | null = null): Client {
  return { caller, account: caller.rateKey ?? `address ${address}`, trace };
}
