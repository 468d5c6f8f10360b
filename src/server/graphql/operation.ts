import type { Client } from '../access/client.ts';
import type { PreparedOperation } from './prepared-operation.ts';

/** An operation that may run. */
export interface Operation {
  readonly kind: PreparedOperation['kind'];
  readonly prepared: PreparedOperation;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly client: Client;
}
