import { Unauthenticated } from '../../errors.ts';

/** The longest accepted token, in characters. Node accepts 16 KiB of headers in all. */
const MAX_TOKEN_LENGTH = 8192;
/** RFC 6750's b64token: a token that matches is safe to put into a header. */
const BEARER = /^Bearer +([A-Za-z0-9\-._~+/]+=*) *$/i;

/** The token of an `Authorization: Bearer …` value. Throws `Unauthenticated`. */
export function bearerToken(authorization: string | undefined): string {
  const token = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
  if (token !== undefined && token.length > MAX_TOKEN_LENGTH)
    throw new Unauthenticated(`The token is longer than ${MAX_TOKEN_LENGTH} characters`);
  if (token === undefined) throw new Unauthenticated('A bearer token is needed: Authorization: Bearer …');
  return token;
}

type Params = Readonly<Record<string, unknown>>;

/**
 * The `Authorization` value of a WebSocket: the first of the key `authorization` in `connectionParams`, the same key in
 * an object `headers` in it (Hasura), the key `token` in an object `connectionParams` in it (Apollo Router, which sends
 * the token with or without its scheme), and the upgrade's own header. Keys count in any case.
 */
export function webSocketAuthorization(params: Params | undefined, upgrade: string | undefined): string | undefined {
  const token = textOf(objectOf(params, 'connectionparams'), 'token');
  const routed = token === undefined || /^Bearer /i.test(token) ? token : `Bearer ${token}`;
  return textOf(params, 'authorization') ?? textOf(objectOf(params, 'headers'), 'authorization') ?? routed ?? upgrade;
}

function textOf(params: Params | undefined, name: string): string | undefined {
  return valuesOf(params, name).find((value) => typeof value === 'string');
}

function objectOf(params: Params | undefined, name: string): Params | undefined {
  return valuesOf(params, name).find((value): value is Params => typeof value === 'object' && value !== null);
}

function valuesOf(params: Params | undefined, name: string): readonly unknown[] {
  return Object.entries(params ?? {}).flatMap(([key, value]) => (key.toLowerCase() === name ? [value] : []));
}
