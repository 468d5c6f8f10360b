import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

/** Of what kind something is that a gateway has said. */
export type Captured = 'log' | 'error' | 'metrics';

/** Keeps what a gateway has said for the search at the end of the run (see `SecretsReporter`), which sets the place. */
export function capture(kind: Captured, text: string): void {
  const { CAPTURE_DIR } = process.env;
  if (CAPTURE_DIR) appendFileSync(join(CAPTURE_DIR, `${kind}-${process.pid}`), `${text}\n`);
}
