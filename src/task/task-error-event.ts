import type { GatewayError } from '../errors.ts';

/** One of several watched tasks has ended with a definitive error; the others go on. */
export interface TaskErrorEvent {
  readonly id: string;
  readonly error: GatewayError;
}
