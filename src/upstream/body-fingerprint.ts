import { hash } from 'node:crypto';

/** A body as logs may know it. */
export interface BodyFingerprint {
  /** In bytes. */
  readonly length: number;
  /** The first 16 hexadecimal digits of its SHA-256: shows only whether two bodies were equal. */
  readonly hash: string;
}

/** Describes a response body without quoting it. Text counts as UTF-8. */
export function fingerprintBody(body: string | Uint8Array): BodyFingerprint {
  return { length: Buffer.byteLength(body), hash: hash('sha256', body, 'hex').slice(0, 16) };
}
