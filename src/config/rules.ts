import { DOCUMENTS_FILE, readDocumentsFile } from './documents-file.ts';
import type { Values, VariableName } from './variables.ts';

/** A rule over several variables. */
interface Rule {
  /** The variable to blame. */
  readonly name: VariableName;
  /** What the rule reads: it is not applied while one of these is faulty by itself. */
  readonly reads: readonly VariableName[];
  readonly holds: (values: Values) => boolean;
  /** Words that complete "must …". */
  readonly requirement: (values: Values) => string;
}

/** A task that does not change is polled this seldom when `POLL_MAX_INTERVAL_MS` is unset, in ms. */
const MAX_INTERVAL_MS = 10_000;

/** Who may ask: as told, else `open` with a token of the gateway's own and `passthrough` without. */
export function authMode(values: Values): NonNullable<Values['AUTH_MODE']> {
  return values.AUTH_MODE ?? (values.A2E_API_TOKEN === null ? 'passthrough' : 'open');
}

/** The longest interval, in ms: as told, else the default, which a longer `POLL_INTERVAL_MS` lifts. */
export function maxIntervalMs(values: Values): number {
  return values.POLL_MAX_INTERVAL_MS ?? Math.max(MAX_INTERVAL_MS, values.POLL_INTERVAL_MS);
}

function hasJwtKeys(values: Values): boolean {
  return values.AUTH_JWT_SECRET.length > 0 || values.AUTH_JWKS_URL !== null;
}

function documentsIssue({ TRUSTED_DOCUMENTS: path }: Values): string | null {
  const documents = path === null ? null : readDocumentsFile(path);
  return typeof documents === 'string' ? documents : null;
}

/** What must hold between variables, and of what they name. */
export const rules: readonly Rule[] = [
  {
    name: 'POLL_MAX_INTERVAL_MS',
    reads: ['POLL_INTERVAL_MS', 'POLL_MAX_INTERVAL_MS'],
    holds: (values) => maxIntervalMs(values) >= values.POLL_INTERVAL_MS,
    requirement: (values) => `be at least POLL_INTERVAL_MS, which is ${values.POLL_INTERVAL_MS}`,
  },
  {
    name: 'A2E_API_TOKEN',
    reads: ['AUTH_MODE', 'A2E_API_TOKEN'],
    holds: (values) => authMode(values) === 'passthrough' || values.A2E_API_TOKEN !== null,
    requirement: (values) => `be set for AUTH_MODE=${authMode(values)}`,
  },
  {
    name: 'AUTH_JWT_SECRET',
    reads: ['AUTH_MODE', 'AUTH_JWT_SECRET', 'AUTH_JWKS_URL'],
    holds: (values) => authMode(values) !== 'jwt' || hasJwtKeys(values),
    requirement: () => 'be set, or AUTH_JWKS_URL, for AUTH_MODE=jwt',
  },
  {
    // Whoever sets up keys means tokens to be checked: the default mode would leave the door open.
    name: 'AUTH_MODE',
    reads: ['AUTH_MODE', 'AUTH_JWT_SECRET', 'AUTH_JWKS_URL'],
    holds: (values) => values.AUTH_MODE !== null || !hasJwtKeys(values),
    requirement: () => 'be set when AUTH_JWT_SECRET or AUTH_JWKS_URL is',
  },
  {
    // What is in the documents is checked once the schema is at hand.
    name: 'TRUSTED_DOCUMENTS',
    reads: ['TRUSTED_DOCUMENTS'],
    holds: (values) => documentsIssue(values) === null,
    requirement: (values) => `be ${DOCUMENTS_FILE}: ${documentsIssue(values)}`,
  },
];
