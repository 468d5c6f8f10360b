import type { Context } from '@opentelemetry/api';
import type { WebSocket } from 'ws';
import type { StreamWriter } from '../../live/stream-writer.ts';
import type { Caller } from '../access/authenticator.ts';
import type { CompletionIterator } from './completion-iterator.ts';

/** The gateway's part of the state of one socket; graphql-ws keeps its own. */
export interface ConnectionState {
  readonly socket: WebSocket;
  readonly writer: StreamWriter;
  /** All operations of this socket, also the ones that graphql-ws has forgotten. */
  readonly running: Set<CompletionIterator>;
  /** Resolves when the operation of the last message is prepared; never rejects. null: no operation is being prepared. */
  preparing: Promise<unknown> | null;
  /** The client's IP address. */
  readonly address: string;
  /** The `Authorization` header of the upgrade, until `connection_init` is read. */
  authorization: string | undefined;
  /** The position in the client's trace: of the upgrade, then of `connection_init`. null: this process has no traces. */
  parent: Context | null;
  /** Set once the connection is acknowledged. */
  caller: Caller | null;
  /** Stops the timer of the token's expiry. */
  stopExpiry: () => void;
}

/** Ends all operations of a socket that is closing or closed. */
export function releaseConnection({ running, writer, stopExpiry }: ConnectionState): void {
  stopExpiry();
  for (const iterator of running) void iterator.return();
  writer.close();
}
