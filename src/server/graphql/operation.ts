import type { Client } from '../access/client.ts';
import type { PreparedOperation } from './prepared-operation.ts';

/** An operation that may run. */
export interface Operation {
  readonly kind: PreparedOperation['kind'];
  /** null: it has none. */
  readonly name: string | null;
  readonly prepared: PreparedOperation;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly client: Client;
}
