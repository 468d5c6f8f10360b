import type { Context } from '@opentelemetry/api';
import type { WebSocket } from 'ws';
import type { ClientCounts } from '../../live/client-counts.ts';
import type { StreamWriter } from '../../live/stream-writer.ts';
import type { Caller } from '../access/authenticator.ts';
import type { Conversation } from './conversation.ts';

/** The gateway's state of one socket; {@link Conversation} keeps the protocol's. */
export interface ConnectionState {
  readonly socket: WebSocket;
  readonly writer: StreamWriter;
  /** The counts for its subscriptions. */
  readonly counts: ClientCounts;
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
  /** The client floods: its socket closes after a while, and no other reason closes it. */
  isFlooding: boolean;
}

/** Ends all operations of a socket that is closing or closed. */
export function releaseConnection(conversation: Conversation<ConnectionState>): void {
  const { writer, stopExpiry } = conversation.peer;
  stopExpiry();
  conversation.end();
  writer.close();
}
