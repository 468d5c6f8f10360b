import { createHmac } from 'node:crypto';
import { parseRedisUrl } from '../../config/redis-url.ts';

/** The parts of an {@link upstreamPrefix}. */
export interface UpstreamPrefixOptions {
  /** `REDIS_PREFIX` */
  readonly prefix: string;
  /** `REDIS_URL` */
  readonly url: string;
  /** `A2E_API_URL` */
  readonly origin: string;
  /** The gateway's own token; null where callers bring their own. */
  readonly token: string | null;
}

/**
 * The prefix of a deployment's keys in Redis: gateways with the same prefix and upstream share it, so that staging and
 * production never share a state, even with one token and one Redis. The hash is keyed with a secret of the deployment (its
 * token, else the password of its Redis), so that a reader of the keys cannot confirm a guess of the origin.
 */
export function upstreamPrefix({ prefix, url, origin, token }: UpstreamPrefixOptions): string {
  const secret = token ?? parseRedisUrl(url).credentials.password ?? '';
  const hash = createHmac('sha256', secret).update(`video-task-gateway upstream ${origin}`).digest('base64url');
  return `${prefix}:${hash.slice(0, 16)}`;
}
