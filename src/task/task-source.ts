import type { Credential } from './credential.ts';
import type { VideoTask } from './video-task.ts';

/** The polled API, as the watches read it: A2E's client, or a {@link TaskSource} behind its deadline and its checks. */
export interface TaskReader {
  /** The name of the API in messages for people; by default `A2E`. */
  readonly name?: string;
  /** One call. Resolves to null when the API knows no such task; rejects with an `UpstreamError`. */
  read(id: string, credential: Credential): Promise<VideoTask | null>;
}

/** Another polled API than A2E, for `createGateway({ source })`. */
export interface TaskSource {
  /**
   * The name of the API in log lines and in messages to clients, such as `fal.ai`. With `REDIS_URL` it is needed, because the
   * gateways that share states and polls are those with one name.
   */
  readonly name?: string;
  /**
   * Makes one call. Resolves to null when the API knows no such task; rejects with an `UpstreamError`. A failed `fetch` and
   * a body that is no JSON may reject as they are: the gateway translates them.
   *
   * @param signal aborts after `UPSTREAM_TIMEOUT_MS` and when the gateway is disposed of. The call has failed then, even if
   *   the source ignores the signal.
   */
  read(id: string, credential: Credential, signal: AbortSignal): Promise<VideoTask | null>;
}

/** The name of the polled API in messages for people. */
export function upstreamName(source: TaskSource | undefined): string {
  return source ? source.name || 'The source' : 'A2E';
}
