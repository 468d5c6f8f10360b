import { Overloaded, withoutStackTrace } from '../../errors.ts';
import { getOrInsert } from '../../get-or-insert.ts';
import type { PreparedOperation } from './prepared-operation.ts';

/** The bounds of a {@link DocumentBudget}, in bytes. */
export interface DocumentBudgetOptions {
  readonly maxBytes: number;
  readonly maxBytesPerAccount: number;
}

const DEFAULT_BOUNDS: DocumentBudgetOptions = { maxBytes: 64 * 1024 * 1024, maxBytesPerAccount: 16 * 1024 * 1024 };
const RETRY_AFTER_SECONDS = 5;

interface Account {
  bytes: number;
  /** How many executions of this account use each operation. */
  readonly uses: Map<string, number>;
}

/**
 * The memory of the operations that execute, live subscriptions included. An operation counts once in all, and once
 * for each account that uses it, however many executions share it.
 */
export class DocumentBudget {
  readonly #bounds: DocumentBudgetOptions;
  readonly #used = new Map<string, { readonly operation: PreparedOperation; uses: number }>();
  readonly #accounts = new Map<string, Account>();
  #bytes = 0;

  constructor(bounds: DocumentBudgetOptions = DEFAULT_BOUNDS) {
    this.#bounds = bounds;
  }

  /** Bytes of all operations that execute. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The operation with this id, while it executes. */
  get(id: string): PreparedOperation | undefined {
    return this.#used.get(id)?.operation;
  }

  /** The error for an account that may not execute this operation now; null: it may. */
  check({ id, bytes }: PreparedOperation, account: string): Overloaded | null {
    const { maxBytes, maxBytesPerAccount } = this.#bounds;
    const own = this.#accounts.get(account);
    if (!own?.uses.has(id) && (own?.bytes ?? 0) + bytes > maxBytesPerAccount)
      return overloaded('The documents of this caller take too much memory');
    if (!this.#used.has(id) && this.#bytes + bytes > maxBytes)
      return overloaded('The documents of all callers take too much memory');
    return null;
  }

  /** Counts one execution of an operation. Returns an idempotent release function, or throws `Overloaded`. */
  acquire(operation: PreparedOperation, account: string): () => void {
    const error = this.check(operation, account);
    if (error) throw error;
    this.#add(operation, account);
    let held = true;
    return () => {
      if (held) this.#remove(operation, account);
      held = false;
    };
  }

  #add(operation: PreparedOperation, account: string): void {
    const { id, bytes } = operation;
    const used = getOrInsert(this.#used, id, () => ({ operation, uses: 0 }));
    if (used.uses === 0) this.#bytes += bytes;
    used.uses += 1;
    const own = getOrInsert(this.#accounts, account, () => ({ bytes: 0, uses: new Map<string, number>() }));
    const uses = own.uses.get(id) ?? 0;
    if (uses === 0) own.bytes += bytes;
    own.uses.set(id, uses + 1);
  }

  #remove({ id, bytes }: PreparedOperation, account: string): void {
    const used = this.#used.get(id);
    const own = this.#accounts.get(account);
    if (!used || !own) return;
    used.uses -= 1;
    if (used.uses === 0) {
      this.#used.delete(id);
      this.#bytes -= bytes;
    }
    const uses = (own.uses.get(id) ?? 1) - 1;
    if (uses > 0) return void own.uses.set(id, uses);
    own.uses.delete(id);
    own.bytes -= bytes;
    if (own.uses.size === 0) this.#accounts.delete(account);
  }
}

function overloaded(message: string): Overloaded {
  return withoutStackTrace(() => new Overloaded(message, RETRY_AFTER_SECONDS));
}
