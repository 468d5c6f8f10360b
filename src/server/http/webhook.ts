import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Overloaded } from '../../errors.ts';
import type { RequestTracer } from '../../observability/tracing/request-tracer.ts';
import { TASK_IDS } from '../../text-patterns.ts';
import type { AdmitRequest } from './admit-request.ts';
import { reply, replyJson } from './reply.ts';
import { readBody } from './request-body.ts';

/** The rate of the calls, with the right token and with a wrong one. */
export interface WebhookRate {
  /** Counts one call. false: it is one too many. */
  admits(request: IncomingMessage, token: 'right' | 'wrong'): boolean;
}

export interface WebhookOptions {
  /** `WEBHOOK_TOKEN` */
  readonly token: string;
  /** `MAX_BODY_BYTES` */
  readonly maxBodyBytes: number;
  readonly admit: AdmitRequest;
  readonly rate: WebhookRate;
  readonly tracer: RequestTracer;
  /** Polls the watched ones of these tasks at once. */
  readonly invalidate: (ids: ReadonlySet<string>) => void;
}

/** A call of A2E is about one task. The ids of one call are so many at most, wherever in the body they stand. */
const MAX_IDS = 1_000;

/**
 * `POST /webhooks/a2e`: A2E says that some task has completed or failed. The body is a hint and never the truth:
 * any client may have written it. The token comes in `X-A2e-Webhook-Token`, as A2E documents.
 */
export class Webhook {
  readonly #options: WebhookOptions;
  readonly #digest: Buffer;

  constructor(options: WebhookOptions) {
    this.#options = options;
    this.#digest = digest(options.token);
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST') return replyJson(response, 405, { error: 'only POST' }, { allow: 'POST' });
    const token = request.headers['x-a2e-webhook-token'];
    // Digests of equal length: neither the length nor the first wrong character shows in the time it takes.
    const isRight = typeof token === 'string' && timingSafeEqual(digest(token), this.#digest);
    if (!this.#options.rate.admits(request, isRight ? 'right' : 'wrong')) {
      request.resume();
      return replyJson(response, 429, { error: 'too many calls' }, { 'retry-after': '1' });
    }
    if (!isRight) return replyJson(response, 401, { error: 'X-A2e-Webhook-Token is missing or wrong' });
    const leave = this.#options.admit(request);
    if (leave instanceof Overloaded) {
      // The body is dropped, so that the next request on the connection can be read.
      request.resume();
      return replyJson(response, 503, { error: 'overloaded' }, { 'retry-after': `${leave.retryAfterSeconds}` });
    }
    try {
      await this.#options.tracer.webhook(request.headers, async () => {
        await this.#invalidate(request, response);
        return response.statusCode;
      });
    } finally {
      leave();
    }
  }

  async #invalidate(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request, this.#options.maxBodyBytes);
    if (body === null) return replyJson(response, 413, { error: 'too large' }, { connection: 'close' });
    // A2E does not document the id's place in the body.
    this.#options.invalidate(
      new Set(
        body
          .toString('utf8')
          .matchAll(TASK_IDS)
          .map(([id]) => id)
          .take(MAX_IDS),
      ),
    );
    reply(response, 204, {});
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
