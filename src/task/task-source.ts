import type { VideoTask } from './video-task.ts';

/** In whose name upstream is called. Watches, caches and results are kept apart by `key`. */
export interface Credential {
  /** A keyed one-way hash of the token: safe in keys, logs and Redis. */
  readonly key: string;
  /** The bearer token itself: goes upstream and nowhere else. */
  readonly token: string;
  /** Whose token it is: the gateway's own, or the caller's (passthrough). */
  readonly owner: 'gateway' | 'caller';
}

/** Where task states come from: the one port of the heart towards A2E. */
export interface TaskSource {
  /**
   * One upstream call. Resolves to null when A2E knows no such task; rejects with an `UpstreamError`
   * (or with the signal's reason once that aborts).
   */
  read(id: string, credential: Credential, signal?: AbortSignal): Promise<VideoTask | null>;
}
