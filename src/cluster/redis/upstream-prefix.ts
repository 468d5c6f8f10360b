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
  /** The name of another source than A2E; absent for A2E. */
  readonly sourceName?: string | undefined;
  /** The gateway's own token; null where callers bring their own. */
  readonly token: string | null;
}

/**
 * The prefix of a deployment's keys in Redis: gateways with the same prefix and upstream share it, so that staging and
 * production never share a state, even with one token and one Redis, and neither do two sources. The hash is keyed with a secret of the deployment (its
 * token, else the password of its Redis), so that a reader of the keys cannot confirm a guess of the origin.
 */
export function upstreamPrefix({ prefix, url, origin, sourceName, token }: UpstreamPrefixOptions): string {
  const secret = token ?? parseRedisUrl(url).credentials.password ?? '';
  const upstream = sourceName === undefined ? `upstream ${origin}` : `source ${sourceName}`;
  const hash = createHmac('sha256', secret).update(`video-task-gateway ${upstream}`).digest('base64url');
  return `${prefix}:${hash.slice(0, 16)}`;
}
