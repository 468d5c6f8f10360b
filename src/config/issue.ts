/** One variable that cannot be used. */
export interface ConfigIssue {
  /** The name of the environment variable. */
  readonly name: string;
  /** Its value as it may be shown: quoted, secrets masked, at most 100 characters; `unset` when it has none. */
  readonly shown: string;
  /** The allowed values, in words that complete "must …". */
  readonly requirement: string;
}

/** The environment cannot be used. The message names every issue, one per line, and holds no secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** All issues, at least one. */
  readonly issues: readonly ConfigIssue[];
  constructor(issues: readonly ConfigIssue[]) {
    const lines = issues.map(({ name, shown, requirement }) => `  ${name} is ${shown}: it must ${requirement}`);
    super(['The configuration is faulty:', ...lines].join('\n'));
    this.issues = issues;
  }
}

const SHOWN_CHARACTERS = 100;

/** The value as a message may show it: see {@link ConfigIssue.shown}. */
export function redactedValue(value: string | undefined, secret: boolean): string {
  if (value === undefined || value === '') return 'unset';
  if (secret) return '***';
  const masked = maskUrl(value);
  return JSON.stringify(masked.length > SHOWN_CHARACTERS ? `${masked.slice(0, SHOWN_CHARACTERS)}…` : masked);
}

/**
 * Hides any text that may be a password in a URL, well-formed or not: everything up to the last `@` (a password may itself
 * hold any sign) but the scheme, and the values in a query.
 */
function maskUrl(value: string): string {
  return value.replace(/^([a-z+]+:\/\/)?.*@/is, '$1***@').replace(/([?&][^=&#]*=)[^&#]*/g, '$1***');
}
