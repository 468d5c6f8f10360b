import { createHmac } from 'node:crypto';
import type { Credential } from '../../task/credential.ts';

/** The credential of an upstream token. Its key is an HMAC keyed with the token itself: equal on every gateway, and one-way. */
export function credentialOf(token: string, owner: Credential['owner']): Credential {
  const key = createHmac('sha256', token).update('video-task-gateway credential').digest('base64url').slice(0, 32);
  return { key, token, owner };
}
