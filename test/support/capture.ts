import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

/** The kind of a captured output of a gateway. */
export type Captured = 'log' | 'error' | 'metrics';

/**
 * Stores an output of a gateway for the search at the end of the run (see `SecretsReporter`, which sets the folder).
 */
export function capture(kind: Captured, text: string): void {
  const { CAPTURE_DIR } = process.env;
  if (CAPTURE_DIR) appendFileSync(join(CAPTURE_DIR, `${kind}-${process.pid}`), `${text}\n`);
}
