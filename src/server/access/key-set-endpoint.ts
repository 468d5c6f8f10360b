import { type Dispatcher, request } from 'undici';

export interface KeySetEndpointOptions {
  /** `AUTH_JWKS_URL` */
  readonly url: string;
  /** The dispatcher of the proxy, where one is configured. */
  readonly dispatcher?: Dispatcher | undefined;
  /** For one whole fetch, in ms. */
  readonly timeoutMs?: number;
}

/** A key set could not be fetched. `reason`: an HTTP status, an error code of the system or fixed words; never a body. */
export class KeySetFailure extends Error {
  readonly reason: string;
  constructor(reason: string) {
    super(reason);
    this.reason = reason;
  }
}

const TIMEOUT_MS = 5_000;
const MAX_BYTES = 1024 * 1024;

/** The JSON at the address of a key set. Rejects with {@link KeySetFailure}. */
export async function fetchKeySet(options: KeySetEndpointOptions, signal: AbortSignal): Promise<unknown> {
  try {
    return JSON.parse(await download(options, signal));
  } catch (error) {
    throw error instanceof KeySetFailure ? error : new KeySetFailure(reasonOf(error));
  }
}

async function download(options: KeySetEndpointOptions, signal: AbortSignal): Promise<string> {
  const { url, dispatcher, timeoutMs = TIMEOUT_MS } = options;
  const { statusCode, body } = await request(url, {
    ...(dispatcher && { dispatcher }),
    headers: { accept: 'application/json, application/jwk-set+json' },
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  });
  if (statusCode !== 200) {
    await body.dump();
    throw new KeySetFailure(`HTTP ${statusCode}`);
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BYTES) throw new KeySetFailure('too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function reasonOf(error: unknown): string {
  if (error instanceof SyntaxError) return 'no key set';
  if (error instanceof Error && error.name === 'TimeoutError') return 'TIMEOUT';
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^\w+$/.test(code) ? code : 'UNKNOWN';
}
