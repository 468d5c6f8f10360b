import type { Caller } from './authenticator.ts';

/** The sender of an operation. */
export interface Client {
  readonly caller: Caller;
  /** The key that the caller's share of a limit is counted by. Never shown to a client, never logged. */
  readonly account: string;
}

/**
 * The client at a network address. Callers without an identity (`AUTH_MODE=open`) are counted by their address.
 */
export function clientOf(caller: Caller, address: string): Client {
  return { caller, account: caller.rateKey ?? `address ${address}` };
}
