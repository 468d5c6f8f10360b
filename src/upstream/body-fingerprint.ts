import { hash } from 'node:crypto';

/** The properties of a body that a log line may hold. */
export interface BodyFingerprint {
  /** In bytes. */
  readonly length: number;
  /** The first 16 hexadecimal digits of its SHA-256, which show only whether two bodies were equal. */
  readonly hash: string;
}

/** Describes a response body without quoting it. Text counts as UTF-8. */
export function fingerprintBody(body: string | Uint8Array): BodyFingerprint {
  return { length: Buffer.byteLength(body), hash: hash('sha256', body, 'hex').slice(0, 16) };
}
