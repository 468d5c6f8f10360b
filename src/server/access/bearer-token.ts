import { Unauthenticated } from '../../errors.ts';

/** The longest token that is looked at, in characters. Node takes 16 KiB of headers in all. */
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

/** The `authorization` of `connectionParams`, in whatever case the key is written. */
export function authorizationOf(params: Readonly<Record<string, unknown>> | undefined): string | undefined {
  for (const [key, value] of Object.entries(params ?? {})) {
    if (key.toLowerCase() === 'authorization' && typeof value === 'string') return value;
  }
  return undefined;
}
