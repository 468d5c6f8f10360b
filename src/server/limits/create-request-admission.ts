import type { IncomingMessage } from 'node:http';
import type { AdmitRequest } from '../http/admit-request.ts';
import type { ClientIpResolver } from '../http/client-address.ts';
import type { Admission } from './admission.ts';

export interface RequestAdmissionOptions {
  readonly admission: Admission;
  readonly clientIp: ClientIpResolver;
  /** `MAX_BODY_BYTES` */
  readonly maxBodyBytes: number;
}

/** The admission of the requests of every endpoint that reads a body: together they share the budget of bodies. */
export function createRequestAdmission({ admission, clientIp, maxBodyBytes }: RequestAdmissionOptions): AdmitRequest {
  return (request) =>
    admission.tryEnter({
      connection: request.socket,
      address: clientIp(request),
      bodyBytes: longestBody(request, maxBodyBytes),
    });
}

/** The length of the body, or the longest one allowed when the client does not announce it, in bytes. */
function longestBody({ headers }: IncomingMessage, maxBodyBytes: number): number {
  const { 'content-length': length, 'transfer-encoding': encoding } = headers;
  if (length === undefined && encoding === undefined) return 0;
  return Math.min(Number(length ?? maxBodyBytes), maxBodyBytes);
}
