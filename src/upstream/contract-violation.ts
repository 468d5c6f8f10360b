import { UpstreamBadResponse } from '../errors.ts';

/** The kind of the difference: safe in logs and as a metric label. */
export type ViolationReason =
  | 'redirect'
  | 'http-status'
  | 'too-large'
  | 'encoding'
  | 'html'
  | 'not-json'
  | 'wrong-shape'
  | 'nonzero-code'
  | 'wrong-task';

/** A response that differs from the documented one. The message never quotes the response. */
export class ContractViolation extends UpstreamBadResponse {
  override readonly reason: ViolationReason;
  /** The event of the response, set by the client that read it. */
  override logFields: Readonly<Record<string, unknown>> = {};
  constructor(reason: ViolationReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/**
 * A response for another task than the requested one. The gateway drops it, because one caller could see the task of
 * another, and retires the connection.
 */
export class WrongTask extends ContractViolation {
  constructor() {
    super('wrong-task', 'A2E answered for another task than the one asked for');
  }
}
