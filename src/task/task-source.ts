import type { Credential } from './credential.ts';
import type { VideoTask } from './video-task.ts';

/** Where task states come from: the one port of the heart towards A2E. */
export interface TaskSource {
  /**
   * One upstream call. Resolves to null when A2E knows no such task; rejects with an `UpstreamError`
   * (or with the signal's reason once that aborts).
   */
  read(id: string, credential: Credential, signal?: AbortSignal): Promise<VideoTask | null>;
}
