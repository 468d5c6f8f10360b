import { DOCUMENTS_FILE, readDocumentsFile } from './documents-file.ts';
import type { Values, VariableName } from './variables.ts';

/** A rule over several variables. */
interface Rule {
  /** The variable to blame. */
  readonly name: VariableName;
  /** The variables of the rule, which is not applied while one of them has an issue of its own. */
  readonly reads: readonly VariableName[];
  readonly holds: (values: Values, program: { readonly needsToken: boolean }) => boolean;
  /** Words that complete "must …". */
  readonly requirement: (values: Values) => string;
}

/** A task that does not change is polled this seldom when `POLL_MAX_INTERVAL_MS` is unset, in ms. */
const MAX_INTERVAL_MS = 10_000;

/** The access mode: as configured, else `open` with a token of the gateway's own and `passthrough` without. */
export function authMode(values: Values): NonNullable<Values['AUTH_MODE']> {
  return values.AUTH_MODE ?? (values.A2E_API_TOKEN === null ? 'passthrough' : 'open');
}

/** Names of the loopback interface; see {@link isLoopback}. */
const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '::1'];

/** Whether only this machine reaches that `HOST`. */
export function isLoopback(host: string): boolean {
  return LOOPBACK_NAMES.includes(host) || /^127\./.test(host);
}

/** The hosts that are served; null: any. An open gateway on a loopback address serves pages of this machine only. */
export function allowedHosts(values: Values): readonly string[] | null {
  if (values.ALLOWED_HOSTS !== null) return values.ALLOWED_HOSTS;
  return authMode(values) === 'open' && isLoopback(values.HOST) ? [...LOOPBACK_NAMES, values.HOST] : null;
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

/** The rules between variables, and about the files that they name. */
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
    holds: (values, { needsToken }) =>
      !needsToken || authMode(values) === 'passthrough' || values.A2E_API_TOKEN !== null,
    requirement: (values) => `be set for AUTH_MODE=${authMode(values)}`,
  },
  {
    name: 'AUTH_JWT_SECRET',
    reads: ['AUTH_MODE', 'AUTH_JWT_SECRET', 'AUTH_JWKS_URL'],
    holds: (values) => authMode(values) !== 'jwt' || hasJwtKeys(values),
    requirement: () => 'be set, or AUTH_JWKS_URL, for AUTH_MODE=jwt',
  },
  {
    name: 'ADMIN_PORT',
    reads: ['PORT', 'ADMIN_PORT'],
    holds: ({ PORT, ADMIN_PORT }) => ADMIN_PORT === null || ADMIN_PORT === 0 || ADMIN_PORT !== PORT,
    requirement: ({ PORT }) => `differ from PORT, which is ${PORT}`,
  },
  {
    // An operator that sets up keys means tokens to be checked, and the default mode would check none.
    name: 'AUTH_MODE',
    reads: ['AUTH_MODE', 'AUTH_JWT_SECRET', 'AUTH_JWKS_URL'],
    holds: (values) => values.AUTH_MODE !== null || !hasJwtKeys(values),
    requirement: () => 'be set when AUTH_JWT_SECRET or AUTH_JWKS_URL is',
  },
  {
    // The documents themselves are checked once the schema is at hand.
    name: 'TRUSTED_DOCUMENTS',
    reads: ['TRUSTED_DOCUMENTS'],
    holds: (values) => documentsIssue(values) === null,
    requirement: (values) => `be ${DOCUMENTS_FILE}: ${documentsIssue(values)}`,
  },
];
