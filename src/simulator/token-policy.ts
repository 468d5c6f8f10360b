/** How A2E refuses a token: HTTP 401, HTTP 403, or HTTP 200 with 401 as `code`. All three have been seen. */
export type Refusal = 'http401' | 'http403' | 'code';

/** Whose calls are answered. */
export interface TokenPolicy {
  /** The bearer tokens that are good, or `*` for any. */
  readonly tokens: readonly string[] | '*';
  readonly refusal: Refusal;
}

/** The bearer token of an `Authorization` header; `''` when there is none. */
export function bearerToken(header: string | undefined): string {
  return /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1] ?? '';
}

/** Whether calls with that token are answered. */
export function accepts({ tokens }: TokenPolicy, token: string): boolean {
  return token !== '' && (tokens === '*' || tokens.includes(token));
}

/** The HTTP status and the body of a refusal. */
export function refusalAnswer(refusal: Refusal): { status: number; body: { code: number; msg: string } } {
  if (refusal === 'http403') return { status: 403, body: { code: 403, msg: 'Forbidden' } };
  return { status: refusal === 'code' ? 200 : 401, body: { code: 401, msg: 'Invalid token' } };
}
