import type { GatewayError } from '../errors.ts';

/** One of several watched tasks has ended with a definitive error; the rest go on. */
export interface TaskErrorEvent {
  readonly id: string;
  readonly error: GatewayError;
}
