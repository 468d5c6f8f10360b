import type { A2eRow } from '../../src/simulator/a2e-row.ts';

/** What an answer of A2E says, when it is one. */
export interface Envelope {
  readonly code: number;
  readonly msg?: string;
  readonly data: readonly A2eRow[];
}

export interface AskOptions {
  readonly token?: string;
  readonly signal?: AbortSignal;
}

/** One call as the vendor's page shows it. */
export function call(url: string, id: string, { token = 'demo-token', signal }: AskOptions = {}): Promise<Response> {
  return fetch(`${url}/api/v1/video/awsResult`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ _id: id }),
    redirect: 'manual',
    ...(signal ? { signal } : {}),
  });
}

export async function envelope(url: string, id: string, options?: AskOptions): Promise<Envelope> {
  return (await (await call(url, id, options)).json()) as Envelope;
}

/** The row of that task; undefined when A2E knows none. */
export async function row(url: string, id: string, options?: AskOptions): Promise<A2eRow | undefined> {
  return (await envelope(url, id, options)).data[0];
}
