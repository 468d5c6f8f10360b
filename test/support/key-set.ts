import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

/** An identity provider's key set over HTTP. A test can rotate its keys, and it counts the fetches. */
export class KeySet implements AsyncDisposable {
  readonly #server: Server;
  readonly #keys = new Map<string, { readonly jwk: JWK; readonly secret: CryptoKey }>();
  fetches = 0;
  /** While down it answers 500. */
  down = false;
  /** Each fetch is answered once this has settled. */
  gate: Promise<unknown> = Promise.resolve();

  private constructor() {
    this.#server = createServer(async (_request, response) => {
      this.fetches += 1;
      await this.gate;
      response.statusCode = this.down ? 500 : 200;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ keys: [...this.#keys.values()].map(({ jwk }) => jwk) }));
    });
  }

  static async start(): Promise<KeySet> {
    const set = new KeySet();
    await new Promise<void>((resolve) => set.#server.listen(0, '127.0.0.1', resolve));
    return set;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/keys`;
  }

  async add(kid: string): Promise<void> {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    this.#keys.set(kid, { jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256' }, secret: privateKey });
  }

  /** The public key as text, with which an attacker might sign a token. */
  publicText(kid: string): string {
    return JSON.stringify(this.#keys.get(kid)?.jwk);
  }

  /** A token signed with one of the keys, whether it is in the set or not. */
  async sign(kid: string, claims: Record<string, unknown>): Promise<string> {
    const secret = this.#keys.get(kid)?.secret ?? (await generateKeyPair('ES256')).privateKey;
    return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid }).setExpirationTime('5m').sign(secret);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((resolve) => {
      this.#server.close(resolve);
      this.#server.closeAllConnections();
    });
  }
}
