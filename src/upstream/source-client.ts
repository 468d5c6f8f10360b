import { TlsFailure, UpstreamBadResponse, type UpstreamError } from '../errors.ts';
import type { Credential } from '../task/credential.ts';
import { type TaskReader, type TaskSource, upstreamName } from '../task/task-source.ts';
import type { VideoTask } from '../task/video-task.ts';
import { CallDeadline } from './call-deadline.ts';
import { CheckedSource } from './checked-source.ts';
import { endedCall, type SourceFailure, sourceFailure } from './source-failure.ts';
import type { UpstreamEvent } from './upstream-event.ts';

export interface SourceClientOptions {
  readonly source: TaskSource;
  /** For one whole call, in ms. */
  readonly timeoutMs: number;
  /** Called with the events of each call. Must not throw. */
  readonly onEvent?: (event: UpstreamEvent) => void;
}

/**
 * Reads tasks from a source that the program gives. Each call ends at its deadline, whether or not the source heeds its
 * signal; its answer passes {@link CheckedSource}, and its error {@link sourceFailure}. An unexpected error rejects as it is.
 */
export class SourceClient implements TaskReader, Disposable {
  readonly name: string;
  readonly #source: CheckedSource;
  readonly #timeoutMs: number;
  readonly #onEvent: (event: UpstreamEvent) => void;
  readonly #disposal = new AbortController();

  constructor({ source, timeoutMs, onEvent = () => {} }: SourceClientOptions) {
    this.name = upstreamName(source);
    this.#source = new CheckedSource(source);
    this.#timeoutMs = timeoutMs;
    this.#onEvent = onEvent;
  }

  async read(id: string, credential: Credential): Promise<VideoTask | null> {
    const { signal: disposed } = this.#disposal;
    if (disposed.aborted) throw endedCall('ABORTED', this.name).error;
    const startedAt = performance.now();
    using deadline = new CallDeadline(this.#timeoutMs, disposed);
    try {
      const task = await untilAbort(this.#source.read(id, credential, deadline.signal), deadline.signal);
      this.#report(answerEvents(performance.now() - startedAt, task));
      return task;
    } catch (error) {
      const failure = this.#failureOf(error, deadline);
      const ms = performance.now() - startedAt;
      this.#report(disposed.aborted ? [{ kind: 'aborted', ms }] : failureEvents(ms, failure));
      throw failure?.error ?? error;
    }
  }

  /** Cuts every call under way. These calls and all later ones reject with `UpstreamUnavailable`. */
  [Symbol.dispose](): void {
    this.#disposal.abort();
  }

  /** null: the error is unexpected. */
  #failureOf(error: unknown, { expired }: CallDeadline): SourceFailure | null {
    if (this.#disposal.signal.aborted) return endedCall('ABORTED', this.name);
    return expired ? endedCall('TIMEOUT', this.name) : sourceFailure(error, this.name);
  }

  #report(events: readonly UpstreamEvent[]): void {
    for (const event of events) this.#onEvent(event);
  }
}

/** Settles as `call` does, unless the signal aborts first. */
function untilAbort<T>(call: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  call.then(resolve, reject);
  return promise;
}

/** A source tells no HTTP status, so the status of A2E with the same meaning stands for it. */
function answerEvents(ms: number, task: VideoTask | null): readonly UpstreamEvent[] {
  const events: UpstreamEvent[] = [{ kind: 'answered', ms, status: task ? 200 : 404 }, { kind: 'decoded' }];
  return task?.status === 'UNKNOWN' ? [...events, { kind: 'unknown-status' }] : events;
}

const STATUSES = new Map<UpstreamError['code'], number>([
  ['UNAUTHENTICATED', 401],
  ['FORBIDDEN', 403],
  ['UPSTREAM_RATE_LIMITED', 429],
]);

function failureEvents(ms: number, failure: SourceFailure | null): readonly UpstreamEvent[] {
  if (failure === null) return [{ kind: 'unanswered', ms, reason: 'UNKNOWN' }];
  const { error, reason } = failure;
  if (error instanceof TlsFailure) return [{ kind: 'tls-failure', ms, reason }];
  if (error instanceof UpstreamBadResponse)
    return [
      { kind: 'answered', ms, status: 200 },
      { kind: 'contract-violation', reason: 'wrong-shape', status: 200 },
    ];
  const status = STATUSES.get(error.code);
  return [status === undefined ? { kind: 'unanswered', ms, reason } : { kind: 'answered', ms, status }];
}
