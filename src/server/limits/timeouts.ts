/** How long the server waits for clients. All in ms. */
export interface Timeouts {
  /** For the head of a request. */
  readonly headersMs: number;
  /** For a whole request, its body included. */
  readonly requestMs: number;
  /** For the next request on a connection: longer than proxies keep theirs, else they send one to a connection that is closing. */
  readonly keepAliveMs: number;
  /** For the `connection_init` of a WebSocket. */
  readonly connectionInitMs: number;
  /** For a client to read one byte of a full buffer. */
  readonly stallMs: number;
  /** Between two pings; a client that has answered none of two is gone. */
  readonly pingMs: number;
  /** At least, until a client that has sent far too much may come again; at most half as much again. */
  readonly floodBackoffMs: number;
}

/** Stall and ping are the contract's. */
export const DEFAULT_TIMEOUTS: Timeouts = {
  headersMs: 10_000,
  requestMs: 20_000,
  keepAliveMs: 75_000,
  connectionInitMs: 5_000,
  stallMs: 20_000,
  pingMs: 12_000,
  floodBackoffMs: 15_000,
};
