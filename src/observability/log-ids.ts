import { randomBytes } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import { IncomingMessage } from 'node:http';

/** A log line is about this request, or about this connection if it is no request. */
export type LogSubject = IncomingMessage | EventEmitter;

/** The fields of a log line that name the request and the connection that it is about. */
export interface LogIds {
  readonly requestId?: string;
  readonly connectionId: string;
}

/** Tells the ids of this process from the ids of all other gateways. */
const PROCESS = randomBytes(6).toString('hex');

const ids = new WeakMap<object, string>();
let made = 0;

/**
 * The ids of a request and its connection, or of a connection. The first log line about each makes its id, so that a
 * request without a line costs nothing. No id comes from a client: it could repeat the id of another request, or hold a
 * secret.
 */
export function logIds(subject: LogSubject): LogIds {
  if (subject instanceof IncomingMessage) return { requestId: idOf(subject), connectionId: idOf(subject.socket) };
  return { connectionId: idOf(subject) };
}

function idOf(subject: object): string {
  const known = ids.get(subject);
  if (known !== undefined) return known;
  made += 1;
  const id = `${PROCESS}-${made.toString(36)}`;
  ids.set(subject, id);
  return id;
}
