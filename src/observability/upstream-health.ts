import {
  AccessDenied,
  TlsFailure,
  TokenRefused,
  type UpstreamError,
  UpstreamRateLimited,
  UpstreamUnavailable,
} from '../errors.ts';
import type { CallOutcome } from '../scheduling/job.ts';
import type { PolledTasks } from '../scheduling/polled-tasks.ts';
import type { CallListener, PolledCall } from '../scheduling/scheduler-options.ts';
import type { OutageLog } from './outage-log.ts';
import { ResponseSilence } from './response-silence.ts';

/** Tasks that A2E has never answered prove an outage together, because one id may be malformed. */
const DISTINCT_UNPROVEN_TASKS = 3;
/** The answer of a peer ends an outage here after so many intervals without a failure. */
const PEER_INTERVALS = 2;
/** Checks that find one silence before it counts. A process that was stalled itself makes one check late, not several. */
const CHECKS = 4;

export interface UpstreamHealthOptions {
  readonly outage: OutageLog;
  /** The tasks of all tokens. */
  readonly polled: PolledTasks;
  /** A silence of A2E for this long is a failure, in ms. */
  readonly silentAfterMs: number;
}

/**
 * Decides what each call proves about A2E itself, and tells the {@link OutageLog}. A failure for one task is no outage while
 * A2E answers for other tasks:
 *
 * - A call without a connection counts, whatever its task.
 * - A failed call for a trusted task counts, and so does every failed call until A2E has answered one.
 * - A failed call for a task that A2E answered before counts while no trusted task is polled.
 * - Failed calls for tasks that A2E never answered count while no other task is polled, from the third task in a row on.
 *
 * A silence counts by the same rules, and needs no failed call.
 */
export class UpstreamHealth implements CallListener, Disposable {
  readonly #options: UpstreamHealthOptions;
  readonly #trustedSilence = new ResponseSilence();
  readonly #untrustedSilence = new ResponseSilence();
  readonly #failedUnproven = new Set<string>();
  readonly #startedAt = performance.now();
  #isEverAnswered = false;
  #callsUnderWay = 0;
  /** The beginning of the silence that the last checks found, and how many found it. */
  #checkedSilence: number | null = null;
  #checks = 0;
  #reportedSilence: number | null = null;
  #silenceCheck: NodeJS.Timeout | undefined;
  #isDisposed = false;

  constructor(options: UpstreamHealthOptions) {
    this.#options = options;
  }

  /** A2E does not answer. */
  get away(): boolean {
    return this.#options.outage.away;
  }

  started(call: PolledCall, at: number): void {
    this.#callsUnderWay += 1;
    this.#silenceOf(call).started(call, at);
    this.#armSilenceCheck();
  }

  ended(call: PolledCall, outcome: CallOutcome, ms: number): void {
    const since = this.#silentSince();
    const silence = this.#silenceOf(call);
    this.#callsUnderWay -= 1;
    silence.ended(call);
    if (outcome.kind === 'answered') {
      silence.answered(ms);
      this.#onAnswer();
    }
    if (outcome.kind === 'failed' && this.#isEvidence(call, outcome.error)) this.#failed(outcome.error, since);
  }

  /** What a peer has heard tells nothing about calls that fail here: the way from this gateway to A2E may be broken. */
  peerAnswered(at: number): void {
    if (at < this.#startedAt) return;
    this.#isEverAnswered = true;
    this.#failedUnproven.clear();
    this.#options.outage.succeeded(at - PEER_INTERVALS * this.#options.silentAfterMs);
  }

  /** A2E has sent a response, with any status. */
  responded(): void {
    const now = performance.now();
    for (const silence of [this.#trustedSilence, this.#untrustedSilence]) silence.interrupted(now);
  }

  /** A2E has refused a token or limited the rate, so it works. */
  reached(): void {
    this.#options.outage.succeeded();
  }

  /** The circuit of the gateway's own token has opened. */
  confirmOutage(): void {
    this.#options.outage.confirm();
  }

  /** The calls that end from now on are cut by the gateway itself, and prove nothing. */
  [Symbol.dispose](): void {
    this.#isDisposed = true;
    clearTimeout(this.#silenceCheck);
  }

  #onAnswer(): void {
    this.#isEverAnswered = true;
    this.#failedUnproven.clear();
    this.responded();
    this.#options.outage.succeeded();
  }

  #failed(error: UpstreamError, since: number | null): void {
    const level = error instanceof TlsFailure ? 'error' : 'warn';
    this.#options.outage.failed(error.reason ?? error.code, { fields: error.logFields, level, since });
  }

  #isEvidence({ job, isProven, isTrusted }: PolledCall, error: UpstreamError): boolean {
    if (this.#isDisposed || isAboutToken(error)) return false;
    const isUnreachable = error instanceof UpstreamUnavailable && error.unreachable;
    if (isUnreachable || isTrusted || !this.#isEverAnswered) return true;
    const { outage, polled } = this.#options;
    if (isProven) return outage.isFailing || polled.trusted === 0;
    if (this.#failedUnproven.size < DISTINCT_UNPROVEN_TASKS) this.#failedUnproven.add(job.id);
    return polled.proven === 0 && this.#failedUnproven.size >= DISTINCT_UNPROVEN_TASKS;
  }

  #silenceOf({ isTrusted }: PolledCall): ResponseSilence {
    return isTrusted ? this.#trustedSilence : this.#untrustedSilence;
  }

  /** The beginning of a silence that counts, of any length. */
  #silenceBegan(): number | null {
    if (this.#options.polled.trusted > 0) return this.#trustedSilence.since(1);
    return this.#untrustedSilence.since(this.#isEverAnswered ? DISTINCT_UNPROVEN_TASKS : 1);
  }

  /** The beginning of a silence that counts and is unusual. */
  #silentSince(): number | null {
    const since = this.#silenceBegan();
    const silence = this.#options.polled.trusted > 0 ? this.#trustedSilence : this.#untrustedSilence;
    return since !== null && silence.isUnusual(since) ? since : null;
  }

  /** One timer for all calls, which runs while a call is under way. */
  #armSilenceCheck(): void {
    if (this.#isDisposed || this.#callsUnderWay === 0) return;
    const everyMs = this.#options.silentAfterMs / CHECKS;
    this.#silenceCheck ??= setTimeout(() => this.#checkSilence(), everyMs).unref();
  }

  /** Reports each silence once, as a failure. */
  #checkSilence(): void {
    this.#silenceCheck = undefined;
    const began = this.#silenceBegan();
    if (began !== this.#checkedSilence) this.#checks = 0;
    this.#checkedSilence = began;
    this.#checks += 1;
    const since = this.#checks >= CHECKS ? this.#silentSince() : null;
    const isLong = since !== null && performance.now() - since >= this.#options.silentAfterMs;
    if (isLong && since !== this.#reportedSilence) {
      this.#reportedSilence = since;
      this.#options.outage.failed('SILENCE', { since });
    }
    this.#armSilenceCheck();
  }
}

/** The error proves that A2E works, or that no call was made. */
function isAboutToken(error: UpstreamError): boolean {
  return error instanceof TokenRefused || error instanceof AccessDenied || error instanceof UpstreamRateLimited;
}
