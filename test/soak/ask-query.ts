/** The answer to a query of the run. */
interface QueryAnswer {
  readonly data?: { readonly videoTasks: readonly ({ readonly id: string } | null)[] } | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
}

/** How a query ended. */
export type QueryOutcome =
  | { readonly kind: 'answered' }
  | { readonly kind: 'error'; readonly code: string; readonly message: string }
  | { readonly kind: 'unreachable'; readonly message: string }
  /** No whole answer came in time. */
  | { readonly kind: 'slow'; readonly ms: number };

const QUERY = 'query ($ids: [ID!]!) { videoTasks(ids: $ids) { id status progress finished } }';

/** `FIRST_ANSWER_TIMEOUT_MS` by default, and 5 s for the way, in ms. */
const ANSWERED_WITHIN_MS = 15_000 + 5_000;

/** Asks a gateway for tasks that A2E knows. Never rejects. */
export async function askQuery(
  gatewayUrl: string,
  ids: readonly string[],
  withinMs: number = ANSWERED_WITHIN_MS,
): Promise<QueryOutcome> {
  const signal = AbortSignal.timeout(withinMs);
  try {
    const response = await fetch(`${gatewayUrl}/graphql`, {
      signal,
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
      body: JSON.stringify({ query: QUERY, variables: { ids } }),
    });
    return outcomeOf((await response.json()) as QueryAnswer, ids);
  } catch (error) {
    if (signal.aborted) return { kind: 'slow', ms: withinMs };
    return { kind: 'unreachable', message: String(error) };
  }
}

function outcomeOf({ data, errors = [] }: QueryAnswer, ids: readonly string[]): QueryOutcome {
  const [error] = errors;
  if (error) return { kind: 'error', code: error.extensions?.code ?? 'none', message: error.message };
  const found = data?.videoTasks.map((task) => task?.id ?? null) ?? [];
  if (found.join() === ids.join()) return { kind: 'answered' };
  return { kind: 'error', code: 'none', message: `asked for ${ids.join()}, and got ${found.join()}` };
}
