import { UpstreamBadResponse } from '../errors.ts';

/** The fault of an answer: safe in logs and as a metric label. */
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

/** An answer that differs from the documented one. Its message never quotes the answer. */
export class ContractViolation extends UpstreamBadResponse {
  readonly reason: ViolationReason;
  constructor(reason: ViolationReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/**
 * The answer is about another task than the one asked for. Showing it could show one caller another's task, so it is
 * dropped, and the connection it came over is not trusted with another call.
 */
export class WrongTask extends ContractViolation {
  constructor() {
    super('wrong-task', 'A2E answered for another task than the one asked for');
  }
}
