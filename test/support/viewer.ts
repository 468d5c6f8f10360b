import { CallbackQueue } from './callback-queue.ts';
import { capture } from './capture.ts';
import { openStream } from './sse-client.ts';
import type { Answer } from './transports.ts';
import { connect } from './ws-client.ts';

/** The fields a viewer selects. */
export interface Seen {
  readonly id: string;
  readonly status: string;
  readonly rawStatus: string;
  readonly progress: number | null;
  readonly stale: boolean;
  readonly checkedAt: string;
  readonly nextCheckAt: string | null;
}

const FIELDS = 'id status rawStatus progress stale checkedAt nextCheckAt';
const WATCH = `subscription($id: ID!) { taskStatus(id: $id) { ${FIELDS} } }`;

/** A client that watches one task. */
export interface Viewer extends AsyncDisposable {
  /** The states seen so far. */
  readonly states: CallbackQueue<Seen>;
  /** Errors of any kind, in the order they came. */
  readonly errors: CallbackQueue<NonNullable<Answer['errors']>[number]>;
  /** How the subscription has ended, if it has. */
  readonly end: 'completed' | 'failed' | null;
}

export type ViewerTransport = 'SSE' | 'WebSocket';

/** Subscribes to a task over that transport, with a bearer token or none. */
export function view(gatewayUrl: string, transport: ViewerTransport, id: string, token?: string): Promise<Viewer> {
  return transport === 'SSE' ? viewOverSse(gatewayUrl, id, token) : viewOverWebSocket(gatewayUrl, id, token);
}

async function viewOverSse(gatewayUrl: string, id: string, token?: string): Promise<Viewer> {
  const viewer = new Collected();
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const stream = await openStream(gatewayUrl, { query: WATCH, variables: { id }, headers });
  stream.events.each(({ event, data }) => {
    if (event === 'next') viewer.take(data as Answer);
    if (event === 'complete') viewer.complete();
  });
  return viewer.closedBy(stream);
}

async function viewOverWebSocket(gatewayUrl: string, id: string, token?: string): Promise<Viewer> {
  const viewer = new Collected();
  const client = await connect(gatewayUrl, token === undefined ? undefined : { authorization: `Bearer ${token}` });
  client.messages.each(({ type, payload }) => {
    if (type === 'next') viewer.take(payload as Answer);
    if (type === 'error') viewer.take({ errors: payload as NonNullable<Answer['errors']> });
    if (type === 'complete') viewer.complete();
  });
  client.subscribe('1', WATCH, { id });
  return viewer.closedBy(client);
}

class Collected implements Viewer {
  readonly states = new CallbackQueue<Seen>();
  readonly errors = new CallbackQueue<NonNullable<Answer['errors']>[number]>();
  end: Viewer['end'] = null;
  #transport: AsyncDisposable | null = null;

  take({ data, errors = [] }: Answer): void {
    if (errors.length > 0) this.end = 'failed';
    for (const error of errors) {
      capture('error', JSON.stringify(error));
      this.errors.put(error);
    }
    const state = (data as { readonly taskStatus: Seen } | null | undefined)?.taskStatus;
    if (state) this.states.put(state);
  }

  complete(): void {
    this.end ??= 'completed';
  }

  closedBy(transport: AsyncDisposable): this {
    this.#transport = transport;
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#transport?.[Symbol.asyncDispose]();
  }
}
