import type { IncomingMessage } from 'node:http';
import type { Overloaded } from '../../errors.ts';

/**
 * Admits a request before its body is read. The returned function says, once, that the request is answered. A body counts
 * until then.
 */
export type AdmitRequest = (request: IncomingMessage) => (() => void) | Overloaded;
