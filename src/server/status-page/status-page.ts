import type { IncomingMessage, ServerResponse } from 'node:http';
import type { UpstreamTotals } from '../../observability/metrics/upstream-metrics.ts';
import type { Readiness } from '../../observability/readiness.ts';
import { StatusReader, type StatusSources } from '../../observability/status/status-reading.ts';
import { StatusSampler } from '../../observability/status/status-sampler.ts';
import { replyJson } from '../http/reply.ts';
import { answerOf } from '../http/static-asset.ts';
import type { GracefullyClosable } from '../shutdown/graceful-shutdown.ts';
import { readStatusAssets } from './status-assets.ts';
import { StatusStreams } from './status-streams.ts';

export interface StatusPageOptions {
  readonly readiness: Readiness;
  readonly upstream: { totals(): Promise<UpstreamTotals> };
  /** The version of the gateway. */
  readonly version: string;
  /** How long a reader of the event stream may take no byte of a full buffer, in ms. */
  readonly stallMs: number;
  /** The time between two samples, in ms; by default 5 s. */
  readonly everyMs?: number | undefined;
  readonly onUnexpectedError: (error: unknown) => void;
}

const ALLOW = { allow: 'GET, HEAD' };

/** `/status`, the operator page: its files, and its event stream. It samples only from {@link observe} on. */
export class StatusPage implements Disposable, GracefullyClosable {
  readonly #options: StatusPageOptions;
  readonly #assets = readStatusAssets();
  readonly #streams: StatusStreams;
  readonly #stack = new DisposableStack();
  #sampler: StatusSampler | null = null;
  /** The events of the newest sample; made when a stream first needs them. */
  #sample: Buffer | null = null;
  #history: Buffer | null = null;

  constructor(options: StatusPageOptions) {
    this.#options = options;
    const events = { sample: () => this.#sampleEvent(), history: () => this.#historyEvent() };
    this.#streams = this.#stack.use(new StatusStreams(events, options.stallMs));
  }

  /** Starts the samples. Call once. */
  observe(sources: StatusSources): void {
    const { upstream, version, everyMs, onUnexpectedError } = this.#options;
    const reader = this.#stack.use(new StatusReader(sources, upstream));
    this.#sampler = this.#stack.use(
      new StatusSampler({
        read: () => reader.read(),
        version,
        everyMs,
        onSample: () => {
          this.#sample = null;
          this.#history = null;
          this.#streams.publish();
        },
        onError: onUnexpectedError,
      }),
    );
  }

  /** Answers a request for a path of the page; false: the path is another. */
  serve(pathname: string, request: IncomingMessage, response: ServerResponse): boolean {
    const asset = this.#assets.get(pathname);
    const isStream = pathname === '/status/events';
    if (!asset && !isStream) return false;
    const { method } = request;
    if (method !== 'GET' && method !== 'HEAD') {
      replyJson(response, 405, { error: 'only GET and HEAD are served here' }, ALLOW);
    } else if (asset) {
      const { status, headers, body } = answerOf(asset, request.headers['if-none-match']);
      response.writeHead(status, headers);
      response.end(method === 'HEAD' ? undefined : body);
    } else this.#serveEvents(method, request, response);
    return true;
  }

  closers(): (() => void)[] {
    return this.#streams.closers();
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
  }

  /** While draining the connection is closed without a status, as for every stream: the page connects again. */
  #serveEvents(method: 'GET' | 'HEAD', request: IncomingMessage, response: ServerResponse): void {
    if (this.#options.readiness.phase === 'draining') return void request.socket.destroy();
    if (method === 'HEAD') return this.#streams.head(response);
    if (!this.#streams.begin(response))
      replyJson(response, 503, { error: 'too many operator pages are open' }, { 'retry-after': '5' });
  }

  #sampleEvent(): Buffer | null {
    this.#sample ??= eventOf('sample', this.#sampler?.sample);
    return this.#sample;
  }

  #historyEvent(): Buffer | null {
    this.#history ??= eventOf('history', this.#sampler?.snapshot);
    return this.#history;
  }
}

function eventOf(name: string, value: object | null | undefined): Buffer | null {
  return value ? Buffer.from(`event: ${name}\ndata: ${JSON.stringify(value)}\n\n`) : null;
}
